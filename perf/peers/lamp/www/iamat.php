<?php
// iamat.php - POST id, position and time: the AT line of the newest position that is known.
declare(strict_types=1);
require __DIR__ . '/herd.inc.php';

const FUTURE_NS = 86400_000_000_000;
const POSITION = '/^([+-]\d{1,3}(?:\.\d{1,15})?)([+-]\d{1,3}(?:\.\d{1,15})?)$/D';
const TIME = '/^0*(\d{1,10})(?:\.(\d{1,9}))?$/D';

// One statement decides and answers. Assignments are made from left to right, so the line is judged
// by the time that was held. MariaDB's RETURNING gives the row as it is afterwards.
const STORE = 'INSERT INTO stamps (id, time_ns, line) VALUES (?, ?, ?)
    ON DUPLICATE KEY UPDATE
        line = IF(VALUES(time_ns) > time_ns, VALUES(line), line),
        time_ns = GREATEST(VALUES(time_ns), time_ns)
    RETURNING line';

$id = parameter($_POST, 'id');
$position = parameter($_POST, 'position');
$time = parameter($_POST, 'time');
if (
    !valid_id($id) || !preg_match(POSITION, $position, $degrees) || !preg_match(TIME, $time, $sent)
    || abs((float) $degrees[1]) > 90 || abs((float) $degrees[2]) > 180
) {
    refuse(422, 'IAMAT', $id, $position, $time);
}
[$fraction, $seconds] = explode(' ', microtime());
$now_ns = (int) $seconds * 1_000_000_000 + (int) substr($fraction, 2, 8) * 10;
// a time that does not fit in 64 bits becomes a float here, and is too far ahead as well
$sent_ns = $sent[1] * 1_000_000_000 + (int) str_pad($sent[2] ?? '', 9, '0');
$skew_ns = $now_ns - $sent_ns;
if ($skew_ns < -FUTURE_NS) {
    refuse(422, 'IAMAT', $id, $position, $time);
}
$skew = sprintf('%s%d.%09d', $skew_ns < 0 ? '-' : '+', intdiv(abs($skew_ns), 1_000_000_000),
    abs($skew_ns) % 1_000_000_000);
$node = getenv('HERD_NODE');
$statement = database()->prepare(STORE);
$statement->execute([$id, $sent_ns, "AT $node $skew $id $position $time"]);
echo $statement->fetchColumn(), "\n";
