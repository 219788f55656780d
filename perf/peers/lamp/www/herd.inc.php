<?php
// herd.inc.php - what both pages share: the database, and how a refusal looks.
declare(strict_types=1);

// Emulated prepares are PDO's default for MySQL: one statement is one round trip. Native ones would
// take two, because PHP forgets them at the end of each request.
function database(): PDO
{
    $socket = getenv('HERD_SOCKET');
    $source = "mysql:unix_socket=$socket;dbname=herd;charset=binary";
    return new PDO($source, getenv('HERD_USER'), '', [
        PDO::ATTR_PERSISTENT => true,
        PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
    ]);
}

function parameter(array $from, string $name): string
{
    return is_string($from[$name] ?? null) ? $from[$name] : '';
}

function valid_id(string $id): bool
{
    return preg_match('/^[^\x00-\x20\x7f]{1,255}$/D', $id) === 1;
}

// Not 400: after that, Apache closes the connection.
function refuse(int $status, string ...$words): never
{
    http_response_code($status);
    exit('? ' . implode(' ', $words) . "\n");
}

header('Content-Type: text/plain');
