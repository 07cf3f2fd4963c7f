package dev.waterspout.engine.http.front;

import dev.waterspout.engine.http.openai.ApiException;
import dev.waterspout.engine.http.transport.Exchange;
import java.io.File;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Supervises the process that runs the ranks, such as mpirun, and restarts it when it ends. Requests in progress are
 * sent to the new process, together with the tokens computed so far. May be used by any thread.
 */
public final class Ranks implements AutoCloseable {
    /** Environment variable with the path of the front's socket, which sets rank 0's option {@code --front}. */
    private static final String VARIABLE = "WATERSPOUT_FRONT";

    private static final long POLL_MILLIS = 20;
    /**
     * Time limit for the process to end after the connection with rank 0 is lost, and again after it was sent SIGTERM.
     */
    private static final long GRACE_SECONDS = 15;

    private final List<String> command;
    private final int restarts;
    private final Consumer<String> note;
    private final Path folder;
    private final ServerSocketChannel listening;
    private final AtomicLong numbers = new AtomicLong();
    private final Map<Long, BlockingQueue<Frame>> open = new ConcurrentHashMap<>();
    private final Thread supervisor = Thread.ofPlatform().daemon().name("ranks").unstarted(this::supervise);

    private State state = State.STARTING;
    private @Nullable Wire wire;
    private String name = "";
    private int exitCode;
    private int inARow;
    private int started;
    private volatile boolean ending;

    /** The states of the ranks. */
    public enum State {
        /** They start for the first time. */
        STARTING,
        /** They answer requests. */
        UP,
        /** A rank has died, and they are restarting. */
        RESTARTING,
        /** They have ended and are not restarted. */
        ENDED
    }

    /**
     * @param command command line that starts the ranks
     * @param restarts most restarts in a row without an answered request in between
     * @param note receives a line of text when the ranks are restarted
     * @throws IOException if the socket cannot be created
     */
    public Ranks(List<String> command, int restarts, Consumer<String> note) throws IOException {
        this.command = List.copyOf(command);
        this.restarts = restarts;
        this.note = note;
        this.folder = Files.createTempDirectory("waterspout"); // with mode 0700, so other users cannot connect
        this.listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listening.bind(UnixDomainSocketAddress.of(socket()));
        listening.configureBlocking(false);
    }

    private Path socket() {
        return folder.resolve("front");
    }

    /**
     * Starts the ranks, and waits until they answer requests or have ended.
     *
     * @return whether they answer requests
     */
    public synchronized boolean start() throws InterruptedException {
        supervisor.start();
        while (state == State.STARTING) {
            wait();
        }
        return state != State.ENDED;
    }

    /** Returns the state of the ranks. */
    public synchronized State state() {
        return state;
    }

    /** Returns the number of restarts. */
    public synchronized int restarted() {
        return Math.max(0, started - 1);
    }

    /** Returns the exit code of the process that ended last. */
    public synchronized int exitCode() {
        return exitCode;
    }

    /** Returns the name of the model; empty before the ranks answer requests. */
    public synchronized String name() {
        return name;
    }

    private void supervise() {
        try {
            while (!ending) {
                runOnce();
                if (ending || !again()) {
                    break;
                }
            }
        } catch (IOException | InterruptedException failure) {
            note.accept("the ranks cannot be started: " + failure.getMessage());
        } finally {
            change(State.ENDED, null);
        }
    }

    private synchronized boolean again() {
        if (state == State.STARTING || inARow >= restarts) {
            return false;
        }
        inARow++;
        note.accept("the ranks have ended with exit code " + exitCode + "; they are restarted (" + inARow + " of "
                + restarts + ")");
        return true;
    }

    private void runOnce() throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(new File("/dev/null"))
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put(VARIABLE, socket().toString());
        Process process = builder.start();
        synchronized (this) {
            started++;
        }
        try {
            Wire accepted = accept(process);
            if (accepted == null) {
                process.destroy();
            } else {
                read(accepted);
            }
        } finally {
            stop(process);
            synchronized (this) {
                exitCode = process.exitValue();
            }
        }
    }

    /** Waits for rank 0 to connect. {@return the connection; null if the process ended first} */
    private @Nullable Wire accept(Process process) throws IOException, InterruptedException {
        while (process.isAlive() && !ending) {
            SocketChannel channel = listening.accept();
            if (channel != null) {
                channel.configureBlocking(true);
                return new Wire(channel);
            }
            Thread.sleep(POLL_MILLIS);
        }
        return null;
    }

    /** Puts the frames of rank 0 into the queues of their requests, until the connection ends. */
    private void read(Wire accepted) {
        try (accepted) {
            while (true) {
                Frame frame = accepted.read();
                if (frame.kind() == Frame.Kind.READY) {
                    synchronized (this) {
                        name = frame.string("name");
                    }
                    change(State.UP, accepted);
                } else {
                    BlockingQueue<Frame> asked = open.get(frame.number());
                    if (asked != null) {
                        asked.add(frame);
                    }
                }
            }
        } catch (IOException gone) {
            // The open requests are told below, after the state has changed.
        }
        change(ending ? State.ENDED : State.RESTARTING, null);
        open.values().forEach(asked -> asked.add(Forwarding.LOST));
    }

    private synchronized void change(State next, @Nullable Wire connected) {
        if (state == State.STARTING && next == State.RESTARTING) {
            return; // ranks that never answered are not restarted
        }
        state = next;
        wire = connected;
        notifyAll();
    }

    private static void stop(Process process) throws InterruptedException {
        List<ProcessHandle> all = process.descendants().toList();
        if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
            process.destroy();
            if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        }
        all.forEach(ProcessHandle::destroyForcibly);
    }

    /**
     * Answers a request. If the ranks end meanwhile, it is sent again after their restart.
     *
     * @param client the request, and the means to answer it
     * @param limit longest time to wait for the ranks to start
     * @throws ApiException if the ranks cannot answer it; a stream may have begun
     */
    public void answer(Exchange client, Duration limit) {
        Forwarding forwarding = new Forwarding(client);
        client.onGone(forwarding::leave);
        try {
            for (int attempt = 0; attempt <= restarts; attempt++) {
                long number = numbers.incrementAndGet();
                open.put(number, forwarding.frames());
                try {
                    if (forwarding.ask(connected(limit), number)) {
                        synchronized (this) {
                            inARow = 0;
                        }
                        return;
                    }
                } finally {
                    open.remove(number);
                }
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw ApiException.server(503, "server_error", "the server is shutting down");
        }
        throw ApiException.server(
                500, "server_error", "the ranks ended " + (restarts + 1) + " times while they answered this request");
    }

    /** Waits until the ranks answer requests. {@return the connection with rank 0} */
    private synchronized Wire connected(Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (wire == null) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (state == State.ENDED) {
                throw ApiException.server(503, "server_error", "the ranks have ended");
            }
            if (left <= 0) {
                throw ApiException.server(
                        504, "timeout_error", "the ranks did not start within " + limit.toSeconds() + " seconds");
            }
            wait(left);
        }
        return wire;
    }

    /** Tells the ranks to shut down, waits for the process, and kills it after the time limit. */
    @Override
    public void close() {
        ending = true;
        try {
            synchronized (this) {
                if (wire != null) {
                    wire.write(Frame.of(Frame.Kind.END, 0));
                }
            }
        } catch (IOException gone) {
            // The connection is lost, so the ranks end by themselves.
        }
        try {
            supervisor.join();
            listening.close();
            Files.deleteIfExists(socket());
            Files.deleteIfExists(folder);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (IOException left) {
            note.accept("file " + socket() + " could not be removed: " + left.getMessage());
        }
    }
}
