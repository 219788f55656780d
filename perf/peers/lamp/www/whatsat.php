<?php
// whatsat.php - GET with id, radius and count: the AT line that is held, and places in JSON.
declare(strict_types=1);
require __DIR__ . '/herd.inc.php';

$id = parameter($_GET, 'id');
$radius = parameter($_GET, 'radius');
$count = parameter($_GET, 'count');
if (
    !valid_id($id) || !preg_match('/^\d+(?:\.\d+)?$/D', $radius) || (float) $radius > 50
    || !preg_match('/^\d+$/D', $count) || (float) $count > 20
) {
    refuse(422, 'WHATSAT', $id, $radius, $count);
}
$statement = database()->prepare('SELECT line FROM stamps WHERE id = ?');
$statement->execute([$id]);
$line = $statement->fetchColumn();
if ($line === false) {
    refuse(404, 'WHATSAT', $id, $radius, $count);
}
$places = json_decode(file_get_contents(__DIR__ . '/places.json'), true);
$places['results'] = array_slice($places['results'], 0, (int) $count);
echo $line, "\n", json_encode($places, JSON_UNESCAPED_SLASHES), "\n\n";
