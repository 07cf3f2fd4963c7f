package dev.waterspout.engine.cli;

import dev.waterspout.engine.cli.options.ServerOptions;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.http.FrontServer;
import dev.waterspout.engine.http.ServeOptions;
import dev.waterspout.engine.http.front.Ranks;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/** Serves ranks that are a process of their own. */
final class ServeFront {
    private final ServerOptions server;
    private final PrintWriter err;
    private final AtomicReference<Runnable> end = new AtomicReference<>(() -> {});

    /**
     * @param server address and limits
     * @param err stream of messages
     */
    ServeFront(ServerOptions server, PrintWriter err) {
        this.server = server;
        this.err = err;
    }

    /** Ends it; called by a signal, on any thread. */
    void end() {
        Objects.requireNonNull(end.get()).run();
    }

    /**
     * Serves until SIGTERM or Ctrl-C.
     *
     * @param options the server's settings
     * @param command command line that starts the ranks
     * @return the exit code; that of the ranks if they never answered a request
     */
    int run(ServeOptions options, List<String> command) throws IOException, InterruptedException {
        try (Ranks ranks = new Ranks(command, server.restarts(), this::tell)) {
            end.set(ranks::close);
            if (!ranks.start()) {
                return ranks.exitCode() == ExitCode.OK ? ExitCode.PEER : ranks.exitCode();
            }
            try (FrontServer listening = new FrontServer(ranks, options)) {
                end.set(listening::end);
                tell(ranks.name() + " is served at " + options.address().url(listening.port()));
                listening.await();
                if (!listening.drain(server.drain())) {
                    tell("requests were not answered within " + server.drain().toSeconds() + " s, and are given up");
                }
            }
            return ranks.state() == Ranks.State.ENDED ? ExitCode.PEER : ExitCode.OK;
        }
    }

    private void tell(String line) {
        err.println("waterspout: " + line);
        err.flush();
    }
}
