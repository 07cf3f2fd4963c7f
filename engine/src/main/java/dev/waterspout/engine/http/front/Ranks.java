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
 * The ranks as a process of their own, such as mpirun's, which is started again when it ends. Requests that it had not
 * answered are asked again with the tokens that were computed. May be used by any thread.
 */
public final class Ranks implements AutoCloseable {
    /** The environment variable that tells rank 0 where its front listens: the option {@code --front}. */
    private static final String VARIABLE = "WATERSPOUT_FRONT";

    private static final long POLL_MILLIS = 20;
    /** How long a process may take to end once rank 0 has gone, and again once it has been told to. */
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

    /** What the ranks do. */
    public enum State {
        /** They are started for the first time. */
        STARTING,
        /** Requests are answered. */
        UP,
        /** One of them has died, and they are started again. */
        RESTARTING,
        /** They have ended, and are not started again. */
        ENDED
    }

    /**
     * @param command command line that starts the ranks
     * @param restarts most restarts in a row, with no request answered in between
     * @param note receiver of a line for people when they are started again
     * @throws IOException if no socket can be made
     */
    public Ranks(List<String> command, int restarts, Consumer<String> note) throws IOException {
        this.command = List.copyOf(command);
        this.restarts = restarts;
        this.note = note;
        this.folder = Files.createTempDirectory("waterspout"); // other users cannot enter it
        this.listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listening.bind(UnixDomainSocketAddress.of(socket()));
        listening.configureBlocking(false);
    }

    private Path socket() {
        return folder.resolve("front");
    }

    /**
     * Starts the ranks, and waits until they can answer or have ended.
     *
     * @return whether they can answer
     */
    public synchronized boolean start() throws InterruptedException {
        supervisor.start();
        while (state == State.STARTING) {
            wait();
        }
        return state != State.ENDED;
    }

    /** Returns what they do. */
    public synchronized State state() {
        return state;
    }

    /** Returns how often they have been started again. */
    public synchronized int restarted() {
        return Math.max(0, started - 1);
    }

    /** Returns the exit code of the process that ended last. */
    public synchronized int exitCode() {
        return exitCode;
    }

    /** Returns the name of the model. */
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
        note.accept("the ranks have ended with exit code " + exitCode + "; they are started again (" + inARow + " of "
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

    /** Waits for rank 0. {@return null if the process has ended before} */
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

    /** Hands frames to the requests that they belong to, until rank 0 has gone. */
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
            // Told to the requests below, once nothing can be written any more.
        }
        change(ending ? State.ENDED : State.RESTARTING, null);
        open.values().forEach(asked -> asked.add(Forwarding.LOST));
    }

    private synchronized void change(State next, @Nullable Wire connected) {
        if (state == State.STARTING && next == State.RESTARTING) {
            return; // it has never answered
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
     * Has a request answered, whatever happens to the ranks meanwhile.
     *
     * @param client request and the way back
     * @param limit most time to wait for ranks that are being started
     * @throws ApiException if there is no answer, and none has begun
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
            throw ApiException.server(503, "server_error", "the server ends");
        }
        forwarding.fail(ApiException.server(
                500, "server_error", "the ranks have ended " + (restarts + 1) + " times while they answered this"));
    }

    /** Waits for rank 0. */
    private synchronized Wire connected(Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (wire == null) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (state == State.ENDED) {
                throw ApiException.server(503, "server_error", "the ranks have ended");
            }
            if (left <= 0) {
                throw ApiException.server(
                        504, "timeout_error", "the ranks have not started within " + limit.toSeconds() + " seconds");
            }
            wait(left);
        }
        return wire;
    }

    /** Tells the ranks to end, waits for them, and ends them where they do not. */
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
            // Then they end by themselves.
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
