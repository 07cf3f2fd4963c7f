package dev.waterspout.benchmarks.serve;

import dev.waterspout.engine.json.PlainJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Sends damaged requests to a server of this machine. Each must be answered or refused; if its head or length is
 * damaged, the connection may also be closed. A request whose body is not sent to its end, and no other, must get
 * status 408. No status may be 500 or above, and no message may contain internals of the server. The text of a request
 * without damage must be the same before and afterwards.
 */
public final class ServeFuzz {
    private static final int REPORTS = 20;
    private static final int ANSWER_MILLIS = 120_000;
    /** Time after which a client whose request may be incomplete closes its sending side. */
    private static final int INCOMPLETE_MILLIS = 300;

    /** Vert.x repeats the protocol version of the request, even if it is damaged. */
    private static final Pattern STATUS = Pattern.compile("[^ ]{1,40}/[0-9]\\.[0-9] ([1-5][0-9][0-9]) ");

    private static final Pattern INSIDES = Pattern.compile("Exception|java\\.|waterspout\\.engine|[\\p{Cntrl}]");

    private final URI url;
    private final long seed;
    private final SoakTally tally = new SoakTally();

    ServeFuzz(URI url, long seed) throws IOException {
        this.url = LocalServer.require(url);
        this.seed = seed;
    }

    /**
     * Sends requests and prints what happened; the exit code is 1 if anything was wrong.
     *
     * @param arguments address such as http://127.0.0.1:8080, process id of the server, number of the first request,
     *     number of requests, requests at a time, seed
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments.length != 6) {
            throw new IllegalArgumentException("arguments: URL PID FIRST REQUESTS CLIENTS SEED");
        }
        ServeFuzz fuzz = new ServeFuzz(URI.create(arguments[0]), Long.parseLong(arguments[5]));
        ProcessHandle server = LocalServer.process(arguments[1]);
        int first = Integer.parseInt(arguments[2]);
        int requests = Integer.parseInt(arguments[3]);
        String before = fuzz.reference();
        for (int i = 0; i < REPORTS; i++) {
            int from = first + (int) ((long) requests * i / REPORTS);
            int to = first + (int) ((long) requests * (i + 1) / REPORTS);
            fuzz.send(from, to, Integer.parseInt(arguments[4]));
            System.out.println(to - first + " requests, RSS " + ServerMemory.of(server) + " MB; "
                    + fuzz.tally().text());
        }
        fuzz.compare(before, fuzz.reference());
        System.out.println("at the end: " + fuzz.tally().text());
        System.exit(fuzz.tally().isClean() ? 0 : 1);
    }

    SoakTally tally() {
        return tally;
    }

    /** Returns the answer to a request without damage. */
    String reference() throws IOException, InterruptedException {
        SoakClient client = new SoakClient(url, tally, List.of(), new SplittableRandom(seed));
        return client.alone(1).text();
    }

    void compare(String before, String after) {
        if (before.equals(after)) {
            tally.count("reference text equal");
        } else {
            tally.fault("reference text: before " + before + "; after " + after);
        }
    }

    /** Sends requests of these numbers, the last excluded, and waits for their answers. */
    void send(int from, int to, int clients) {
        AtomicInteger next = new AtomicInteger(from);
        try (ExecutorService threads = Executors.newFixedThreadPool(clients)) {
            for (int i = 0; i < clients; i++) {
                threads.execute(() -> {
                    for (int number = next.getAndIncrement(); number < to; number = next.getAndIncrement()) {
                        one(number);
                    }
                });
            }
        }
    }

    private void one(int number) {
        DamagedRequest request = DamagedRequest.of(seed, number);
        try {
            String answer = exchange(request);
            String problem = problem(request.damage(), answer);
            if (problem.isEmpty()) {
                Matcher status = STATUS.matcher(answer);
                tally.count(request.damage() + " " + (status.lookingAt() ? status.group(1) : "closed"));
            } else {
                tally.fault("request " + number + ", " + request.damage() + ": " + problem);
            }
        } catch (IOException failed) {
            tally.fault("request " + number + ", " + request.damage() + ": " + failed);
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean mayBeIncomplete(DamagedRequest.Damage damage) {
        return damage == DamagedRequest.Damage.HEAD || damage == DamagedRequest.Damage.LENGTH;
    }

    /** Returns all bytes of the answer, one per character; empty if there are none. */
    private String exchange(DamagedRequest request) throws IOException, InterruptedException {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        try (Socket socket = new Socket(url.getHost(), url.getPort())) {
            try {
                write(request, socket.getOutputStream());
                if (request.damage() == DamagedRequest.Damage.LEAVES) {
                    return "";
                }
                socket.setSoTimeout(mayBeIncomplete(request.damage()) ? INCOMPLETE_MILLIS : ANSWER_MILLIS);
                read(socket.getInputStream(), answer);
            } catch (SocketTimeoutException late) {
                if (!mayBeIncomplete(request.damage())) {
                    throw late;
                }
                socket.shutdownOutput();
                socket.setSoTimeout(ANSWER_MILLIS);
                read(socket.getInputStream(), answer);
            } catch (IOException closed) {
                // A server that refuses a request while more of it comes may reset the connection.
                if (!mayBeIncomplete(request.damage())) {
                    throw closed;
                }
            }
        }
        return answer.toString(StandardCharsets.ISO_8859_1);
    }

    private static void read(InputStream in, ByteArrayOutputStream answer) throws IOException {
        byte[] some = new byte[8192];
        for (int n = in.read(some); n >= 0; n = in.read(some)) {
            answer.write(some, 0, n);
        }
    }

    private static void write(DamagedRequest request, OutputStream out) throws IOException, InterruptedException {
        int pieces = request.damage() == DamagedRequest.Damage.SLOW ? 4 : 1;
        for (int piece = 0; piece < pieces; piece++) {
            int from = (int) ((long) request.sent() * piece / pieces);
            int to = (int) ((long) request.sent() * (piece + 1) / pieces);
            out.write(request.bytes(), from, to - from);
            out.flush();
            if (pieces > 1) {
                Thread.sleep(5);
            }
        }
    }

    /** Returns the problem of an answer; empty if there is none. */
    static String problem(DamagedRequest.Damage damage, String answer) {
        if (answer.isEmpty()) {
            boolean allowed = damage == DamagedRequest.Damage.LEAVES || mayBeIncomplete(damage);
            return allowed ? "" : "no answer";
        }
        Matcher status = STATUS.matcher(answer);
        if (!status.lookingAt() || (damage != DamagedRequest.Damage.HEAD && !answer.startsWith("HTTP/1.1 "))) {
            return "no HTTP: " + answer.substring(0, Math.min(80, answer.length()));
        }
        int code = Integer.parseInt(status.group(1));
        boolean unknownProtocol = damage == DamagedRequest.Damage.HEAD && (code == 501 || code == 505);
        boolean stalls = damage == DamagedRequest.Damage.STALLS;
        boolean late = code == 408;
        if ((code >= 500 && !unknownProtocol) || (stalls && !late) || (late && !stalls && !mayBeIncomplete(damage))) {
            return "status " + code + ": " + answer;
        }
        String head = answer.substring(0, Math.max(0, answer.indexOf("\r\n\r\n")));
        String body = answer.substring(Math.min(answer.length(), head.length() + 4));
        if (head.contains("text/event-stream")) {
            boolean whole = body.contains("data: [DONE]")
                    || body.contains("response.completed")
                    || body.contains("response.incomplete")
                    || mayBeIncomplete(damage);
            return whole ? "" : "a stream without an end: " + body;
        }
        return code < 400 || body.isEmpty() ? "" : errorProblem(body);
    }

    private static String errorProblem(String body) {
        try {
            String utf8 = new String(body.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
            if (PlainJson.read("answer", utf8) instanceof Map<?, ?> map
                    && map.get("error") instanceof Map<?, ?> error
                    && error.get("message") instanceof String message
                    && !message.isEmpty()) {
                return INSIDES.matcher(message).find() ? "message: " + message : "";
            }
        } catch (IOException malformed) {
            return "body: " + body;
        }
        return "body: " + body;
    }
}
