package dev.waterspout.engine.cli.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code lab}: experiments, whose options and output may change between versions. */
@Command(
        name = "lab",
        description = "Experiments with models, wire formats and devices; they may change between versions.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        subcommands = {
            CodecSearchCommand.class,
            RotateCommand.class,
            PlanCommand.class,
            ReportCommand.class,
            FpgaCommand.class
        })
public final class LabCommand implements Runnable {
    /** Commands that also work without {@code lab}. */
    private static final Set<String> SHORT = Set.of("rotate", "plan", "report", "fpga");

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                Objects.requireNonNull(spec).commandLine(),
                "no command of lab given; there are search, rotate, plan, report and fpga");
    }

    /**
     * Returns the full command line: {@code plan} stands for {@code lab plan}, and {@code codec search} for
     * {@code lab search}.
     *
     * @param arguments the arguments as typed
     */
    public static String[] expand(String[] arguments) {
        List<String> words = new ArrayList<>(Arrays.asList(arguments));
        if (words.size() > 1 && words.getFirst().equals("codec") && words.get(1).equals("search")) {
            words.set(0, "lab");
        } else if (!words.isEmpty() && SHORT.contains(words.getFirst())) {
            words.addFirst("lab");
        }
        return words.toArray(String[]::new);
    }
}
