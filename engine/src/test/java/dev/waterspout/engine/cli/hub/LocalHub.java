package dev.waterspout.engine.cli.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A hub on the loopback interface: the tree and resolve calls of one repository. Files are redirected to a second
 * server, as large files are on Hugging Face.
 */
final class LocalHub implements AutoCloseable {
    static final String REPOSITORY = "owner/repo";

    private final HttpServer hub = server();
    private final HttpServer storage = server();
    private final Map<String, byte[]> files = new LinkedHashMap<>();

    /** One line for each request: {@code hub} or {@code storage}, path, range and authorization. */
    final List<String> requests = Collections.synchronizedList(new ArrayList<>());

    /**
     * Number of bytes after which each of the next answers of the storage server is cut off; empty for complete
     * answers.
     */
    final List<Integer> breaks = Collections.synchronizedList(new ArrayList<>());

    /** Whether the storage server answers a range request with the whole file. */
    volatile boolean ignoresRanges;

    /** The SHA-256 that the listing gives in place of the true one. */
    volatile String falseDigest = "";

    /** The size that the listing gives in place of the true one; negative for the true one. */
    volatile long falseSize = -1;

    /** Files in one page of the listing. */
    volatile int pageSize = 1000;

    /** The token that requests need; empty if they need none. */
    volatile String token = "";

    LocalHub() throws IOException {
        hub.createContext("/api/models/" + REPOSITORY + "/tree/main", this::tree);
        hub.createContext("/" + REPOSITORY + "/resolve/main/", this::resolve);
        storage.createContext("/", this::content);
        hub.start();
        storage.start();
    }

    /**
     * Serves files until the process is ended, for commands that are run by hand with the printed {@code HF_ENDPOINT}.
     *
     * @param arguments paths of files, and any of {@code break=BYTES} (once for each broken answer), {@code sha=HEX},
     *     {@code size=BYTES} and {@code token=TOKEN}
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        LocalHub hub = new LocalHub();
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            String value = argument.substring(equals + 1);
            switch (argument.substring(0, Math.max(0, equals))) {
                case "break" -> hub.breaks.add(Integer.valueOf(value));
                case "sha" -> hub.falseDigest = value;
                case "size" -> hub.falseSize = Long.parseLong(value);
                case "token" -> hub.token = value;
                default -> {
                    Path file = Path.of(argument);
                    hub.file(String.valueOf(file.getFileName()), Files.readAllBytes(file));
                }
            }
        }
        System.out.println("HF_ENDPOINT=" + hub.endpoint() + ", repository " + REPOSITORY);
        Thread.currentThread().join();
    }

    private static HttpServer server() throws IOException {
        return HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    }

    LocalHub file(String path, byte[] content) {
        files.put(path, content);
        return this;
    }

    String endpoint() {
        return address(hub);
    }

    long storageRequests() {
        return requests.stream().filter(line -> line.startsWith("storage")).count();
    }

    @Override
    public void close() {
        hub.stop(0);
        storage.stop(0);
    }

    private static String address(HttpServer server) {
        return "http://" + server.getAddress().getHostString() + ":"
                + server.getAddress().getPort();
    }

    private void tree(HttpExchange exchange) throws IOException {
        note("hub", exchange);
        if (!token.isEmpty()
                && !("Bearer " + token).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            answer(exchange, 401, new byte[0]);
            return;
        }
        String query = String.valueOf(exchange.getRequestURI().getQuery());
        int page = query.contains("cursor=") ? Integer.parseInt(query.replaceFirst(".*cursor=", "")) : 0;
        List<String> paths = List.copyOf(files.keySet());
        int to = Math.min(paths.size(), (page + 1) * pageSize);
        JsonArrayBuilder entries = Json.createArrayBuilder();
        entries.add(Json.createObjectBuilder().add("type", "directory").add("path", "folder"));
        for (String path : paths.subList(page * pageSize, to)) {
            byte[] content = Objects.requireNonNull(files.get(path));
            long size = falseSize < 0 ? content.length : falseSize;
            entries.add(Json.createObjectBuilder()
                    .add("type", "file")
                    .add("path", path)
                    .add("size", size)
                    .add("oid", "0000")
                    .add(
                            "lfs",
                            Json.createObjectBuilder()
                                    .add("oid", falseDigest.isEmpty() ? sha256(content) : falseDigest)
                                    .add("size", size)));
        }
        if (to < paths.size()) {
            exchange.getResponseHeaders()
                    .add(
                            "Link",
                            "<" + endpoint() + exchange.getRequestURI().getPath() + "?recursive=true&cursor="
                                    + (page + 1) + ">; rel=\"next\"");
        }
        answer(exchange, 200, entries.build().toString().getBytes(StandardCharsets.UTF_8));
    }

    private void resolve(HttpExchange exchange) throws IOException {
        note("hub", exchange);
        String path = exchange.getRequestURI().getRawPath().replaceFirst(".*/resolve/main/", "");
        exchange.getResponseHeaders().add("Location", address(storage) + "/" + path);
        answer(exchange, 302, new byte[0]);
    }

    private void content(HttpExchange exchange) throws IOException {
        note("storage", exchange);
        byte[] content = files.get(exchange.getRequestURI().getPath().substring(1));
        if (content == null) {
            answer(exchange, 404, new byte[0]);
            return;
        }
        String range = exchange.getRequestHeaders().getFirst("Range");
        int from = range == null || ignoresRanges ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
        if (from > 0) {
            exchange.getResponseHeaders()
                    .add("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
        }
        int length = breaks.isEmpty() ? content.length - from : breaks.removeFirst();
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, content.length - from);
        try (exchange) {
            OutputStream body = exchange.getResponseBody();
            body.write(content, from, length);
            body.flush();
        }
    }

    private void note(String server, HttpExchange exchange) {
        requests.add(server + " " + exchange.getRequestURI().getPath() + " "
                + exchange.getRequestHeaders().getFirst("Range") + " "
                + exchange.getRequestHeaders().getFirst("Authorization"));
    }

    private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
        try (exchange) {
            exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
            if (body.length > 0) {
                exchange.getResponseBody().write(body);
            }
        }
    }

    static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
