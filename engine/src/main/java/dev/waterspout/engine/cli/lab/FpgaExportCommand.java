package dev.waterspout.engine.cli.lab;

import dev.waterspout.engine.cli.options.FpgaOptions;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.cli.print.StatsFormat;
import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.lab.fpga.FpgaProject;
import dev.waterspout.engine.lab.fpga.Toolchain;
import dev.waterspout.kernels.files.FileReplacement;
import dev.waterspout.kernels.fpga.FpgaEstimate;
import dev.waterspout.kernels.fpga.FpgaKernels;
import dev.waterspout.kernels.fpga.Vendor;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code lab fpga export}: writes a folder from which a vendor's compiler builds a bitstream. */
@Command(
        name = "export",
        description =
                "Writes the kernels' sources, TornadoVM's configuration and the vendor's command lines, and estimates"
                        + " cycles and resources.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class FpgaExportCommand implements Callable<Integer> {
    private static final String ESTIMATE = "estimate.json";

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "The folder; it is created if it does not exist.")
    private Path folder = Path.of("");

    @Option(names = "--vendor", required = true, paramLabel = "intel|xilinx", description = "Vendor of the compiler.")
    private Vendor vendor = Vendor.INTEL;

    @Option(
            names = "--board",
            paramLabel = "NAME",
            description = "The vendor's name of the board or platform (default: that of TornadoVM's configuration"
                    + " for Intel, a U250 for Xilinx).")
    private @Nullable String board;

    @Mixin
    private FpgaOptions options = new FpgaOptions();

    @Option(
            names = "--clock",
            paramLabel = "MHZ",
            defaultValue = "250",
            description = "Clock of the estimate, in MHz (default: ${DEFAULT-VALUE}).")
    private double clock;

    @Option(
            names = "--memory-gbps",
            paramLabel = "N",
            defaultValue = "19.2",
            description = "Bandwidth of the memory in the estimate, in GB/s (default: ${DEFAULT-VALUE}, one bank of"
                    + " DDR4-2400).")
    private double memory;

    @Option(names = "--build", description = "Run the vendor's compiler.")
    private boolean build;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (!(clock > 0) || !(memory > 0)) {
            throw new IllegalArgumentException(
                    "clock of " + clock + " MHz and memory of " + memory + " GB/s; both must be above 0");
        }
        Toolchain toolchain = Toolchain.of(vendor);
        FpgaProject project =
                new FpgaProject(options.kernels(), toolchain, Objects.requireNonNullElse(board, toolchain.board()));
        JsonObject estimate = estimate(project.kernels());
        write(project, estimate);
        print(project, Objects.requireNonNull(spec).commandLine().getOut());
        if (build) {
            run(project);
        }
        return ExitCode.OK;
    }

    private void write(FpgaProject project, JsonObject estimate) throws IOException {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new IOException(folder + " is a file; the sources are written to a folder");
        }
        Files.createDirectories(folder.resolve(Toolchain.BITSTREAMS));
        for (Map.Entry<String, String> file : project.files().entrySet()) {
            FileReplacement.writeText(folder.resolve(file.getKey()), file.getValue());
        }
        folder.resolve(FpgaProject.SCRIPT).toFile().setExecutable(true);
        StringWriter text = new StringWriter();
        StatsFormat.printJson(estimate, new PrintWriter(text));
        FileReplacement.writeText(folder.resolve(ESTIMATE), text.toString());
    }

    private List<FpgaEstimate> estimates(FpgaKernels kernels) {
        return List.of(FpgaEstimate.quantize(kernels), FpgaEstimate.dequantizeSum(kernels, vendor));
    }

    private JsonObject estimate(FpgaKernels kernels) {
        JsonArrayBuilder parts = Json.createArrayBuilder();
        for (FpgaEstimate each : estimates(kernels)) {
            parts.add(Json.createObjectBuilder()
                    .add("kernel", each.kernel())
                    .add("initiationInterval", each.initiationInterval())
                    .add("pipelineDepth", each.pipelineDepth())
                    .add("cyclesPerTile", each.cyclesPerTile())
                    .add("wordsPerTile", each.wordsPerTile())
                    .add("cycles", each.cycles(kernels, options.rows(), options.columns()))
                    .add("seconds", seconds(each, kernels))
                    .add("dsp", each.dsp())
                    .add("lut", each.lut())
                    .add("bram36", each.bram()));
        }
        return Json.createObjectBuilder()
                .add("model", "docs/lab/fpga.md; not a vendor's figures")
                .add("vendor", vendor.label())
                .add("format", kernels.format().label())
                .add("ranks", kernels.ranks())
                .add("rows", options.rows())
                .add("columns", options.columns())
                .add("clockMhz", clock)
                .add("memoryGbps", memory)
                .add("kernels", parts)
                .build();
    }

    private double seconds(FpgaEstimate estimate, FpgaKernels kernels) {
        return estimate.seconds(kernels, options.rows(), options.columns(), clock * 1e6, memory * 1e9);
    }

    private void print(FpgaProject project, PrintWriter out) {
        FpgaKernels kernels = project.kernels();
        out.printf(
                Locale.ROOT,
                "estimate by the model of docs/lab/fpga.md: %d x %d, %s, %d ranks, %.0f MHz, %.1f GB/s%n",
                options.rows(),
                options.columns(),
                kernels.format().label(),
                kernels.ranks(),
                clock,
                memory);
        for (FpgaEstimate each : estimates(kernels)) {
            out.printf(
                    Locale.ROOT,
                    "  %-26s interval %d, depth %d, %d cycles, %.1f us, %d DSP, %d LUT, %d BRAM%n",
                    each.kernel(),
                    each.initiationInterval(),
                    each.pipelineDepth(),
                    each.cycles(kernels, options.rows(), options.columns()),
                    seconds(each, kernels) * 1e6,
                    each.dsp(),
                    each.lut(),
                    each.bram());
        }
        out.println("build it in " + folder + " with ./" + FpgaProject.SCRIPT + ", which runs");
        for (List<String> command : project.toolchain().commands(kernels, project.board())) {
            out.println("  " + String.join(" ", command));
        }
        out.flush();
    }

    private void run(FpgaProject project) throws IOException, InterruptedException {
        for (List<String> command : project.toolchain().commands(project.kernels(), project.board())) {
            int code;
            try {
                code = new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .inheritIO()
                        .start()
                        .waitFor();
            } catch (IOException absent) {
                throw new DeviceException(project.toolchain().missing(), absent);
            }
            if (code != 0) {
                throw new DeviceException("the compiler '" + command.getFirst() + "' ended with exit code " + code
                        + " in " + folder + "; its output is above");
            }
        }
    }
}
