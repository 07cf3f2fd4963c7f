package dev.waterspout.kernels.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Assumptions;

/**
 * A JVM with TornadoVM in which the OpenCL driver's devices look like FPGAs: TornadoVM loads bitstreams on nothing
 * else. The driver's own binaries stand for them. Needs a C compiler.
 */
public final class FpgaStandIn {
    private static final String SHIM = "/dev/waterspout/kernels/fpga/fpga-shim.c";

    private final Path library;

    private FpgaStandIn(Path library) {
        this.library = library;
    }

    /** The output of a process, and its exit code. */
    public record Outcome(int code, String output) {}

    /**
     * Builds the library that is preloaded; the calling test is skipped where there is no C compiler.
     *
     * @param folder folder for the library
     */
    public static FpgaStandIn build(Path folder) throws IOException, InterruptedException {
        Path source = folder.resolve("fpga-shim.c");
        try (InputStream in = Objects.requireNonNull(FpgaStandIn.class.getResourceAsStream(SHIM))) {
            Files.write(source, in.readAllBytes());
        }
        Path library = folder.resolve("libfpga-shim.so");
        Outcome built;
        try {
            built = run(new ProcessBuilder(
                    "cc", "-shared", "-fPIC", "-O1", "-o", library.toString(), source.toString(), "-ldl"));
        } catch (IOException absent) {
            return Assumptions.abort("skipped: no C compiler 'cc' on the PATH");
        }
        if (built.code != 0) {
            throw new IOException(built.output);
        }
        return new FpgaStandIn(library);
    }

    /**
     * Runs a Java program with the library.
     *
     * @param flags of the JVM, besides TornadoVM's
     * @param mainClass of this class path
     * @param arguments of the program
     */
    public Outcome java(List<String> flags, Class<?> mainClass, List<String> arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("@" + Path.of(System.getenv("TORNADOVM_HOME"), "tornado-argfile"));
        command.addAll(List.of(
                "-Dtornado.recover.bailout=False",
                "-Dtornado.compiler.fullInlining=True",
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx1g"));
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass.getName()));
        command.addAll(arguments);
        ProcessBuilder process = new ProcessBuilder(command);
        process.environment().put("LD_PRELOAD", library.toString());
        return run(process);
    }

    private static Outcome run(ProcessBuilder builder) throws IOException, InterruptedException {
        Process process = builder.redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), output);
    }
}
