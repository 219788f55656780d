/* Herd.java - a herd of servers on Java NIO: one selector, one thread, persistent links.
 *
 *     java Herd --port P [--node NAME --topology FILE] [--places FILE]
 *
 * One process per node, one port for clients and neighbours. Each node dials each of its neighbours
 * and writes its floods there; what they flood arrives on the links that they dialled. Lines are
 * parsed in the receive buffer and stay bytes; only the client id becomes a String, as the map's key.
 * The commands of one read are answered with one write; what a turn of the loop has to flood is one
 * write per link. */
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

public final class Herd {
    private static final int RECEIVE_BYTES = 65536; // also the longest line
    private static final int UNSENT_BYTES_HIGH = 1 << 20; // when reading stops until it is sent
    private static final int FIELDS_MAX = 64;
    private static final int ID_BYTES_MAX = 255;
    private static final int COUNT_MAX = 20;
    private static final long FUTURE_NS = 86_400_000_000_000L;
    private static final long INVALID = -1;
    private static final long REDIAL_MS = 100;

    /** The newest position of one client: its time, and its AT line without the newline. */
    private static final class Stamp {
        long timeNs;
        byte[] line;
    }

    /** Bytes to send; it grows as needed and is emptied as a whole. */
    private static final class Output {
        private byte[] bytes = new byte[512];
        private int start;
        private int end;

        int size() {
            return end - start;
        }

        private void reserve(int length) {
            if (end + length <= bytes.length) {
                return;
            }
            int room = Math.max(size() + length, 2 * size());
            byte[] to = room > bytes.length ? new byte[room] : bytes;
            System.arraycopy(bytes, start, to, 0, size());
            end -= start;
            start = 0;
            bytes = to;
        }

        Output put(byte[] from, int at, int length) {
            reserve(length);
            System.arraycopy(from, at, bytes, end, length);
            end += length;
            return this;
        }

        Output put(byte[] from) {
            return put(from, 0, from.length);
        }

        Output put(char c) {
            reserve(1);
            bytes[end++] = (byte) c;
            return this;
        }

        /** A number in decimal, with leading zeros up to `digits`. */
        Output putNumber(long value, int digits) {
            if (value >= 10 || digits > 1) {
                putNumber(value / 10, digits - 1);
            }
            return put((char) ('0' + value % 10));
        }

        byte[] copy() {
            return Arrays.copyOfRange(bytes, start, end);
        }

        void clear() {
            start = end = 0;
        }

        /** Send what the socket takes. Returns whether that was all. */
        boolean sendTo(SocketChannel channel, ByteBuffer direct) throws IOException {
            while (start < end) {
                direct.clear().put(bytes, start, Math.min(end - start, direct.remaining())).flip();
                int sent = channel.write(direct);
                start += sent;
                if (direct.hasRemaining()) {
                    return false;
                }
            }
            clear();
            if (bytes.length > UNSENT_BYTES_HIGH) {
                bytes = new byte[512]; // to have been slow once is no reason to keep so much
            }
            return true;
        }
    }

    /** A client, a neighbour that has dialled, or a link to a neighbour that was dialled. */
    private static class Connection {
        SocketChannel channel;
        SelectionKey key;
        byte[] rest = new byte[0]; // of a line that has not ended
        Output out = new Output();
        boolean ended; // the other side will send no more
        boolean waiting; // is not read from until the links have room
    }

    private static final class Link extends Connection {
        final String name;
        final byte[] nameBytes;
        final int port;
        boolean up;
        long redialAtMs;

        Link(String name, int port) {
            this.name = name;
            this.nameBytes = name.getBytes(StandardCharsets.ISO_8859_1);
            this.port = port;
        }
    }

    private final byte[] name;
    private final int port;
    private final List<Link> links = new ArrayList<>();
    private final Map<String, Stamp> stamps = new HashMap<>();
    private final List<byte[]> places = new ArrayList<>(); // one place each
    private byte[] placesBefore;
    private byte[] placesAfter;
    private final Selector selector = Selector.open();
    private final ByteBuffer direct = ByteBuffer.allocateDirect(RECEIVE_BYTES);
    private byte[] received = new byte[2 * RECEIVE_BYTES];
    private final int[] fieldStart = new int[FIELDS_MAX];
    private final int[] fieldEnd = new int[FIELDS_MAX];
    private final Output scratch = new Output();
    private final Set<Connection> waiting = new HashSet<>();

    private Herd(String name, int port) throws IOException {
        this.name = name.getBytes(StandardCharsets.ISO_8859_1);
        this.port = port;
    }

    // -- lines ------------------------------------------------------------------------------

    private static boolean isSpace(byte b) {
        return b == ' ' || b >= '\t' && b <= '\r';
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    /** Split a line into fields. Returns how many there are, at most FIELDS_MAX. */
    private int split(byte[] b, int at, int end) {
        int count = 0;
        for (;;) {
            while (at < end && isSpace(b[at])) {
                at++;
            }
            if (at == end || count == FIELDS_MAX) {
                return count;
            }
            fieldStart[count] = at;
            while (at < end && !isSpace(b[at])) {
                at++;
            }
            fieldEnd[count++] = at;
        }
    }

    private boolean fieldIs(byte[] b, int field, byte[] text) {
        return Arrays.equals(b, fieldStart[field], fieldEnd[field], text, 0, text.length);
    }

    /** Where the digits that begin at `at` end. */
    private static int digitsEnd(byte[] b, int at, int end) {
        while (at < end && isDigit(b[at])) {
            at++;
        }
        return at;
    }

    /** d…[.d…] with at most nine digits of fraction, in 1e-9; INVALID when it is none. */
    private static long nanoseconds(byte[] b, int at, int end) {
        int point = digitsEnd(b, at, end);
        if (point == at || point < end && (b[point] != '.' || end - point - 1 < 1)) {
            return INVALID;
        }
        long value = 0;
        for (int i = at; i < point; i++) {
            value = value * 10 + (b[i] - '0');
            if (value > Long.MAX_VALUE / 1_000_000_000 - 1) {
                return INVALID;
            }
        }
        int digits = Math.max(0, end - point - 1);
        if (digits > 9 || digits > 0 && digitsEnd(b, point + 1, end) != end) {
            return INVALID;
        }
        for (int i = 0; i < 9; i++) {
            value = value * 10 + (i < digits ? b[point + 1 + i] - '0' : 0);
        }
        return value;
    }

    /** Where ±D[DD][.d…] that begins at `at` ends, with a value of at most `bound`; or INVALID. */
    private static int degreesEnd(byte[] b, int at, int end, int bound) {
        if (at == end || b[at] != '+' && b[at] != '-') {
            return (int) INVALID;
        }
        int whole = at + 1;
        int point = digitsEnd(b, whole, end);
        if (point == whole || point - whole > 3) {
            return (int) INVALID;
        }
        int value = 0;
        for (int i = whole; i < point; i++) {
            value = value * 10 + (b[i] - '0');
        }
        if (point == end || b[point] != '.') {
            return value <= bound ? point : (int) INVALID;
        }
        int stop = digitsEnd(b, point + 1, end);
        boolean zero = true;
        for (int i = point + 1; i < stop; i++) {
            zero &= b[i] == '0';
        }
        boolean valid = stop > point + 1 && stop - point - 1 <= 15;
        return valid && (value < bound || value == bound && zero) ? stop : (int) INVALID;
    }

    private static boolean isPosition(byte[] b, int at, int end) {
        int middle = degreesEnd(b, at, end, 90);
        return middle != INVALID && degreesEnd(b, middle, end, 180) == end;
    }

    private static final byte[] IAMAT = "IAMAT".getBytes(StandardCharsets.ISO_8859_1);
    private static final byte[] WHATSAT = "WHATSAT".getBytes(StandardCharsets.ISO_8859_1);
    private static final byte[] AT = "AT".getBytes(StandardCharsets.ISO_8859_1);

    private void answer(Connection c, byte[] b, int at, int end) {
        int fields = split(b, at, end);
        boolean understood = false;
        if (fields == 4 && fieldEnd[1] - fieldStart[1] <= ID_BYTES_MAX) {
            if (fieldIs(b, 0, IAMAT)) {
                understood = iamat(c, b);
            } else if (fieldIs(b, 0, WHATSAT)) {
                understood = whatsat(c, b);
            }
        } else if (fields >= 7 && fieldIs(b, 0, AT)) {
            understood = flooded(b, fields);
        }
        if (!understood) {
            int stop = end > at && b[end - 1] == '\r' ? end - 1 : end;
            c.out.put('?').put(' ').put(b, at, stop - at).put('\n');
        }
    }

    private String field(byte[] b, int field) {
        return new String(b, fieldStart[field], fieldEnd[field] - fieldStart[field],
            StandardCharsets.ISO_8859_1);
    }

    private boolean iamat(Connection c, byte[] b) {
        long sentNs = nanoseconds(b, fieldStart[3], fieldEnd[3]);
        if (sentNs == INVALID || !isPosition(b, fieldStart[2], fieldEnd[2])) {
            return false;
        }
        Instant now = Instant.now();
        long skewNs = now.getEpochSecond() * 1_000_000_000 + now.getNano() - sentNs;
        if (skewNs < -FUTURE_NS) {
            return false;
        }
        String id = field(b, 1);
        Stamp held = stamps.get(id);
        if (held == null || held.timeNs < sentNs) {
            scratch.clear();
            scratch.put(AT).put(' ').put(name).put(' ').put(skewNs < 0 ? '-' : '+');
            scratch.putNumber(Math.abs(skewNs) / 1_000_000_000, 1).put('.');
            scratch.putNumber(Math.abs(skewNs) % 1_000_000_000, 9);
            for (int field = 1; field < 4; field++) {
                scratch.put(' ').put(b, fieldStart[field], fieldEnd[field] - fieldStart[field]);
            }
            held = store(held, id, sentNs, scratch.copy());
            for (Link link : links) {
                flood(link, held.line, b, 0, 0);
            }
            if (linksFull()) {
                c.waiting = true;
                waiting.add(c);
            }
        }
        c.out.put(held.line).put('\n');
        return true;
    }

    private boolean whatsat(Connection c, byte[] b) {
        long radius = nanoseconds(b, fieldStart[2], fieldEnd[2]);
        int digits = digitsEnd(b, fieldStart[3], fieldEnd[3]) - fieldStart[3];
        Stamp stamp = stamps.get(field(b, 1));
        if (stamp == null || radius == INVALID || radius > 50_000_000_000L || digits > 9
            || fieldStart[3] + digits != fieldEnd[3]) {
            return false;
        }
        int count = Integer.parseInt(field(b, 3));
        if (count > COUNT_MAX) {
            return false;
        }
        c.out.put(stamp.line).put('\n').put(placesBefore);
        for (int i = 0; i < Math.min(count, places.size()); i++) {
            if (i > 0) {
                c.out.put(',');
            }
            c.out.put(places.get(i));
        }
        c.out.put(placesAfter).put('\n').put('\n');
        return true;
    }

    /** A neighbour's AT line, with the names of the nodes that have seen it at its end. */
    private boolean flooded(byte[] b, int fields) {
        long sentNs = nanoseconds(b, fieldStart[5], fieldEnd[5]);
        if (sentNs == INVALID) {
            return false;
        }
        String id = field(b, 3);
        Stamp held = stamps.get(id);
        if (held == null || held.timeNs < sentNs) {
            held = store(held, id, sentNs, Arrays.copyOfRange(b, fieldStart[0], fieldEnd[5]));
            for (Link link : links) {
                boolean seen = false;
                for (int field = 6; field < fields && !seen; field++) {
                    seen = fieldIs(b, field, link.nameBytes);
                }
                if (!seen) {
                    flood(link, held.line, b, fieldEnd[5], fieldEnd[fields - 1]);
                }
            }
        }
        return true;
    }

    private Stamp store(Stamp held, String id, long timeNs, byte[] line) {
        Stamp stamp = held;
        if (stamp == null) {
            stamp = new Stamp();
            stamps.put(id, stamp);
        }
        stamp.timeNs = timeNs;
        stamp.line = line;
        return stamp;
    }

    private void flood(Link link, byte[] line, byte[] seen, int seenStart, int seenEnd) {
        if (link.up) {
            link.out.put(line).put(seen, seenStart, seenEnd - seenStart);
            link.out.put(' ').put(name).put('\n');
        }
    }

    // -- connections ------------------------------------------------------------------------

    private boolean linksFull() {
        for (Link link : links) {
            if (link.up && link.out.size() > UNSENT_BYTES_HIGH) {
                return true;
            }
        }
        return false;
    }

    private void accept(ServerSocketChannel server) throws IOException {
        SocketChannel channel;
        while ((channel = server.accept()) != null) {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            Connection c = new Connection();
            c.channel = channel;
            c.key = channel.register(selector, SelectionKey.OP_READ, c);
        }
    }

    private void dial(Link link) throws IOException {
        link.channel = SocketChannel.open();
        link.channel.configureBlocking(false);
        link.channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        boolean connected;
        try {
            connected = link.channel.connect(local(link.port));
        } catch (IOException refusedAtOnce) {
            close(link);
            return;
        }
        link.key = link.channel.register(selector, SelectionKey.OP_CONNECT, link);
        if (connected) {
            linkUp(link);
        }
    }

    /** Send a linked neighbour all that is held. */
    private void linkUp(Link link) throws IOException {
        link.up = true;
        link.key.interestOps(SelectionKey.OP_READ);
        for (Stamp stamp : stamps.values()) {
            flood(link, stamp.line, name, 0, 0);
        }
    }

    private void read(Connection c) throws IOException {
        direct.clear();
        int count = c.channel.read(direct);
        if (count < 0) {
            c.ended = true;
            if (c.rest.length > 0) { // a last line may end without a newline
                answer(c, c.rest, 0, c.rest.length);
                c.rest = new byte[0];
            }
            return;
        }
        if (c instanceof Link) {
            return; // floods come by the links that the others have dialled
        }
        System.arraycopy(c.rest, 0, received, 0, c.rest.length);
        direct.flip().get(received, c.rest.length, count);
        int end = c.rest.length + count;
        int start = 0;
        for (int at = c.rest.length; at < end; at++) {
            if (received[at] == '\n') {
                answer(c, received, start, at);
                start = at + 1;
            }
        }
        if (end - start > RECEIVE_BYTES) {
            throw new IOException("a line without an end");
        }
        if (end - start > 0 || c.rest.length > 0) {
            c.rest = Arrays.copyOfRange(received, start, end);
        }
    }

    /** Send what is pending, then select the events to wait for. */
    private void settle(Connection c) throws IOException {
        boolean all = c.out.size() == 0 || c.out.sendTo(c.channel, direct);
        if (all && c.ended) {
            close(c);
            return;
        }
        boolean reads = !c.ended && !c.waiting && (c instanceof Link || c.out.size() == 0);
        c.key.interestOps((reads ? SelectionKey.OP_READ : 0) | (all ? 0 : SelectionKey.OP_WRITE));
    }

    private void close(Connection c) {
        try {
            c.channel.close();
        } catch (IOException ignored) {
            // it is gone either way
        }
        waiting.remove(c);
        c.out.clear();
        if (c instanceof Link link) {
            link.up = false;
            link.ended = false;
            link.redialAtMs = System.currentTimeMillis() + REDIAL_MS;
            link.channel = null;
        }
    }

    private void ready(SelectionKey key) {
        Connection c = (Connection) key.attachment();
        try {
            if (key.isConnectable() && c.channel.finishConnect()) {
                linkUp((Link) c);
            }
            if (key.isReadable()) {
                read(c);
            }
            if (!(c instanceof Link)) {
                settle(c);
            }
        } catch (IOException lost) {
            close(c);
        }
    }

    /** Send what this turn has for the links; read again from clients that waited. */
    private void settleLinks() throws IOException {
        for (Link link : links) {
            try {
                if (link.up) {
                    settle(link);
                }
            } catch (IOException lost) {
                close(link);
            }
            if (link.channel == null && link.redialAtMs <= System.currentTimeMillis()) {
                dial(link);
            }
        }
        if (!waiting.isEmpty() && !linksFull()) {
            List<Connection> again = new ArrayList<>(waiting);
            waiting.clear();
            for (Connection c : again) {
                c.waiting = false;
                try {
                    settle(c);
                } catch (IOException lost) {
                    close(c);
                }
            }
        }
    }

    private void run() throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open();
        server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        server.bind(local(port), 4096);
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT);
        System.out.println("ready");
        for (;;) {
            settleLinks();
            boolean allUp = true;
            for (Link link : links) {
                allUp &= link.up;
            }
            selector.select(allUp ? 0 : REDIAL_MS);
            for (SelectionKey key : selector.selectedKeys()) {
                if (!key.isValid()) {
                    continue;
                }
                if (key.isAcceptable()) {
                    accept(server);
                } else {
                    ready(key);
                }
            }
            selector.selectedKeys().clear();
        }
    }

    private static InetSocketAddress local(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    // -- start ------------------------------------------------------------------------------

    /** The neighbours of this node. An edge that is named at one end is enough. */
    private void readTopology(Path file, String self) throws IOException {
        Map<String, Integer> ports = new HashMap<>();
        Set<String> neighbours = new TreeSet<>();
        for (String line : Files.readAllLines(file)) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            List<String> words = Arrays.asList(line.trim().split("\\s+"));
            List<String> others = words.subList(2, words.size());
            ports.put(words.get(0), Integer.valueOf(words.get(1)));
            if (words.get(0).equals(self)) {
                neighbours.addAll(others);
            } else if (others.contains(self)) {
                neighbours.add(words.get(0));
            }
        }
        for (String neighbour : neighbours) {
            links.add(new Link(neighbour, ports.get(neighbour)));
        }
    }

    /** The file has one place a line; Java's library has no JSON, and so needs none. */
    private void readPlaces(Path file) throws IOException {
        Output before = new Output();
        Output after = new Output();
        for (String line : Files.readAllLines(file)) {
            byte[] bytes = line.strip().getBytes(StandardCharsets.UTF_8);
            if (line.startsWith("  {")) {
                int length = line.endsWith(",") ? bytes.length - 1 : bytes.length;
                places.add(Arrays.copyOf(bytes, length));
            } else {
                (places.isEmpty() ? before : after).put(bytes);
            }
        }
        placesBefore = before.copy();
        placesAfter = after.copy();
    }

    public static void main(String[] arguments) throws IOException {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            options.put(arguments[i], arguments[i + 1]);
        }
        if (!options.containsKey("--port") || !options.containsKey("--places")) {
            System.err.println("usage: Herd --port P --places FILE [--node NAME --topology FILE]");
            System.exit(2);
        }
        String self = options.getOrDefault("--node", "Goloman");
        Herd herd = new Herd(self, Integer.parseInt(options.get("--port")));
        herd.readPlaces(Path.of(options.get("--places")));
        if (options.containsKey("--topology")) {
            herd.readTopology(Path.of(options.get("--topology")), self);
        }
        herd.run();
    }
}
