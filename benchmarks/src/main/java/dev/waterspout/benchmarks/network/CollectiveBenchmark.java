package dev.waterspout.benchmarks.network;

import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.mpi.Launcher;
import dev.waterspout.interconnect.mpi.MpiLibrary;
import dev.waterspout.interconnect.mpi.MpiSettings;
import dev.waterspout.interconnect.mpi.MpiTransport;
import dev.waterspout.interconnect.transport.InProcessGroup;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Times collectives, codec included, and prints each time with the time that the transfer of its bytes alone would
 * take.
 */
public final class CollectiveBenchmark {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private CollectiveBenchmark() {}

    /**
     * Runs the benchmark: as one rank under {@code mpirun}, otherwise as several threads.
     *
     * @param arguments see {@link Settings#USAGE}
     */
    public static void main(String[] arguments) throws InterruptedException {
        Settings settings;
        try {
            settings = Settings.parse(arguments);
        } catch (IllegalArgumentException wrong) {
            System.err.println(wrong.getMessage());
            System.exit(2);
            return;
        }
        if (System.getenv("OMPI_COMM_WORLD_RANK") != null) {
            overMpi(settings);
        } else {
            inProcess(settings);
        }
    }

    private static void overMpi(Settings settings) {
        MpiLibrary library = MpiLibrary.load(System.getenv("WATERSPOUT_MPI_LIBRARY"), Launcher.OPEN_MPI);
        try (MpiTransport transport = MpiTransport.join(library, MpiSettings.of(TIMEOUT))) {
            runRank(transport, settings, library.name());
        } catch (InterconnectException failed) { // MPI_Finalize would wait for ranks that never call it
            failed.printStackTrace();
            Runtime.getRuntime().halt(5);
        }
    }

    private static void inProcess(Settings settings) throws InterruptedException {
        List<Thread> threads = InProcessGroup.create(settings.ranks(), TIMEOUT).stream()
                .map(transport -> Thread.ofPlatform()
                        .name("rank-" + transport.rank())
                        .start(() -> {
                            try (transport) {
                                runRank(transport, settings, null);
                            } catch (RuntimeException failed) {
                                transport.abort(failed);
                                throw failed;
                            }
                        }))
                .toList();
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private static void runRank(Transport transport, Settings settings, @Nullable String library) {
        String link = Objects.requireNonNullElse(System.getenv("WATERSPOUT_LINK_GBPS"), "unlimited");
        double bitsPerSecond = link.equals("unlimited") ? 0 : Double.parseDouble(link) * 1e9;
        try (WorkerPool pool = new WorkerPool(settings.threads(), "rank-" + transport.rank())) {
            // Never freed: a rank that ends early must not free memory that another rank still reads.
            RankRun run = new RankRun(transport, settings, library, bitsPerSecond, Arena.global(), pool);
            Report report = new Report(link, transport.size(), settings, run.run());
            if (transport.rank() == 0) {
                System.out.print(report.table());
                if (!settings.results().isEmpty()) {
                    report.append(settings.resultsPath());
                }
            }
        }
    }
}
