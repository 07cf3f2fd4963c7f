package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.collective.FaultScenarios;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.interconnect.transport.TransportScenarios;
import dev.waterspout.interconnect.transport.TransportScenarios.Scenario;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One rank of the contract test: goes through all scenarios, each in a group of its own, and writes a line for each
 * into a file: "ok" or what was wrong. Arguments: launcher, and what the names of the files that it writes start with.
 */
final class MpiContractMain {
    /** Stands for all scenarios being over. */
    static final String LAST = "all scenarios";

    /** Groups of processes do not race as threads do, and take longer to make. */
    private static final int MAX_ROUNDS = 12;
    /** Longer than any scenario takes that does not end by its deadline. */
    private static final Duration NEVER = Duration.ofSeconds(20);

    private static final Duration SOON = Duration.ofMillis(TransportScenarios.SOON_MILLIS);

    private MpiContractMain() {}

    public static void main(String[] arguments) throws IOException {
        MpiWorld world = MpiWorld.initialize(MpiLibrary.load(null, Launcher.valueOf(arguments[0])));
        List<String> lines = new ArrayList<>();
        Files.writeString(Path.of(arguments[1] + ".rank"), "" + world.rank());
        Path file = Path.of(arguments[1] + ".reason");
        Transport control = MpiTransport.open(world, MpiSettings.of(NEVER), true);
        List<Scenario> scenarios = new ArrayList<>(TransportScenarios.all());
        // What ends by time is in the contract itself, and no transport sees what frames are of.
        FaultScenarios.all().stream()
                .filter(scenario -> !scenario.timed() && scenario.name().contains(" f32"))
                .forEach(scenarios::add);
        for (Scenario scenario : scenarios) {
            if (world.size() >= scenario.leastRanks()) {
                String outcome = outcome(world, control, scenario);
                lines.add(scenario + ": " + outcome);
                Files.write(file, lines);
            }
        }
        meet(control);
        lines.add(LAST + ": ok");
        Files.write(file, lines);
        Runtime.getRuntime().halt(0); // groups that failed have messages under way, with which MPI may not end
    }

    private static String outcome(MpiWorld world, Transport control, Scenario scenario) {
        String outcome = "ok";
        for (int round = 0; round < Math.min(scenario.rounds(), MAX_ROUNDS); round++) {
            meet(control); // all come from the scenario before
            MpiTransport transport = MpiTransport.open(world, MpiSettings.of(scenario.timed() ? SOON : NEVER), false);
            meet(control); // none fails before all have joined
            try {
                scenario.body().run(transport, round);
            } catch (Throwable failure) { // whatever it is, the test shows it
                transport.abort(failure);
                outcome = failure.toString().replaceAll("\\s+", " ");
            }
        }
        return outcome;
    }

    private static void meet(Transport control) {
        MemorySegment[] received = new MemorySegment[control.size()];
        Arrays.setAll(received, _ -> Arena.ofAuto().allocate(1));
        control.allGather(Arena.ofAuto().allocate(1), received);
    }
}
