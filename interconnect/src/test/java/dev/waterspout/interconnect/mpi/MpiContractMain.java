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
 * into a file: "ok" or the failure. Arguments: launcher, and prefix of the output files.
 */
final class MpiContractMain {
    /** Marks the end of all scenarios. */
    static final String LAST = "all scenarios";

    /** Processes need fewer repetitions than threads, whose timing varies more, and take longer to start. */
    private static final int MAX_ROUNDS = 12;
    /** Longer than any scenario that does not end by its deadline. */
    private static final Duration NEVER = Duration.ofSeconds(100);

    private MpiContractMain() {}

    public static void main(String[] arguments) throws IOException {
        MpiWorld world = MpiWorld.initialize(MpiLibrary.load(null, Launcher.valueOf(arguments[0])));
        List<String> lines = new ArrayList<>();
        Files.writeString(Path.of(arguments[1] + ".rank"), "" + world.rank());
        Path file = Path.of(arguments[1] + ".reason");
        Transport control = MpiTransport.open(world, MpiSettings.of(NEVER), true);
        List<Scenario> scenarios = new ArrayList<>(TransportScenarios.all());
        // Time-outs are part of the transport contract, and transports do not depend on the content of frames.
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
        Runtime.getRuntime().halt(0); // failed groups have outstanding messages, with which MPI_Finalize may hang
    }

    private static String outcome(MpiWorld world, Transport control, Scenario scenario) {
        String outcome = "ok";
        for (int round = 0; round < Math.min(scenario.rounds(), MAX_ROUNDS); round++) {
            meet(control); // all ranks have ended the previous scenario
            MpiTransport transport =
                    MpiTransport.open(world, MpiSettings.of(scenario.timed() ? TransportScenarios.SOON : NEVER), false);
            meet(control); // no rank fails before all have joined
            try {
                scenario.body().run(transport, round);
            } catch (Throwable failure) { // any failure is reported by the test
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
