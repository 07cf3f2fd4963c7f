package dev.waterspout.engine.environment;

import dev.waterspout.interconnect.mpi.Launcher;
import java.io.Console;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import jdk.jfr.FlightRecorder;

/** The one class that reads environment variables and system properties. */
public final class Environment {
    private static final String PREFIX = "WATERSPOUT_";
    private static final String VECTOR_MODULE = "jdk.incubator.vector";

    /** TornadoVM's types of variables in OpenCL, an enum. */
    private static final String KINDS = "uk.ac.manchester.tornado.drivers.opencl.graal.lir.OCLKind";

    private static final String BAILOUT = "tornado.recover.bailout";
    private static final String INLINING = "tornado.compiler.fullInlining";
    private static final String MEMORY = "tornado.device.memory";
    private static final String SPIRV_PHIS = "tornado.spirv.loadstore";
    private static final String FLUSH = "tornado.vmflush";
    private static final String CUDA_PRIORITY = "tornado.cuda.priority";
    private static final String CUDA_GRAPHS = "cuda-graphs";
    /** Set by bin/waterspout. */
    private static final String STANDARD_ERROR = "waterspout.stderr";
    /** More than any device has. */
    private static final String UNLIMITED = "1024TB";
    /** As in bin/waterspout. */
    private static final List<String> LAUNCH_FLAGS = List.of(
            "--add-modules", VECTOR_MODULE, "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-Xmn32m");

    private Environment() {}

    /**
     * Returns the environment variable that stands for an option, as WATERSPOUT_CTX_SIZE does for {@code --ctx-size}.
     *
     * @param option its name on the command line
     */
    public static Optional<String> option(String option) {
        String name = option.replaceFirst("^-+", "").replace('-', '_').toUpperCase(Locale.ROOT);
        return Optional.ofNullable(System.getenv(PREFIX + name)).filter(value -> !value.isEmpty());
    }

    /** Returns whether the JVM was started with the Vector API, as a module or on the boot class path. */
    public static boolean hasVectorApi() {
        try {
            var _ = Class.forName(VECTOR_MODULE + ".Vector", false, null);
            return true;
        } catch (ClassNotFoundException absent) {
            return false;
        }
    }

    /**
     * Returns whether this program may use memory and libraries outside the Java heap. A JVM that neither allows nor
     * denies it by its flags prints a warning of its own.
     */
    @SuppressWarnings("restricted")
    public static boolean allowsNativeAccess() {
        try {
            return MemorySegment.NULL.reinterpret(0).byteSize() == 0;
        } catch (IllegalCallerException denied) {
            return false;
        }
    }

    /**
     * Returns the command line that starts this program again with the Vector API: the same JVM, flags and class path.
     *
     * @param mainClass class to start
     * @param arguments arguments of the program
     */
    public static List<String> relaunchCommand(Class<?> mainClass, String[] arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(LAUNCH_FLAGS);
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    /**
     * Sets the properties of TornadoVM that this program needs, unless the user has set them. Must be called before
     * TornadoVM is initialized.
     *
     * <ul>
     *   <li>A kernel that does not compile is an error. By default TornadoVM runs it as sequential Java and prints
     *       one line.
     *   <li>Methods called by a kernel are inlined without a limit on their size. The method that decodes all
     *       tensor types exceeds the default limit.
     *   <li>TornadoVM sets no limit on a device's memory. Its default is 4 GB, whatever the size of the memory. A
     *       shard is compared with the device's memory before anything is allocated.
     *   <li>SPIR-V keeps variables of loops in memory. Its phi instructions, the default, give the store after a loop
     *       a value of the loop's last pass, which is invalid.
     *   <li>An execution of a graph does not flush its queue, since it waits for the queue next. On CUDA a flush is
     *       another wait.
     *   <li>CUDA is the default backend of an SDK that has it. TornadoVM analyses a kernel for the default backend
     *       first, and only CUDA's analysis knows the operations of tensor cores.
     * </ul>
     *
     * <p>Also makes TornadoVM's OpenCL sources the same in every run, so that a driver that stores compiled programs
     * finds them. The order in which a source declares its variables follows from the identity hash codes of
     * TornadoVM's types of variables. The JVM takes such codes from a sequence of the thread that first asks for one.
     * The main thread gets the same codes in every run if it asks early; a device's thread does not.
     */
    public static void configureTornado() {
        setIfAbsent(BAILOUT, "False");
        setIfAbsent(INLINING, "True");
        setIfAbsent(MEMORY, UNLIMITED);
        setIfAbsent(CUDA_PRIORITY, "100");
        setIfAbsent(SPIRV_PHIS, "False");
        setIfAbsent(FLUSH, "False");
        try {
            Object[] kinds = Objects.requireNonNull(Class.forName(KINDS).getEnumConstants());
            Stream.of(kinds).forEach(System::identityHashCode);
        } catch (ClassNotFoundException _) {
            // Without an SDK, or with one of another backend, there are no OpenCL sources.
        }
    }

    private static void setIfAbsent(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /**
     * Makes TornadoVM load kernels from bitstreams. Must be called before TornadoVM is.
     *
     * @param list value of the property: bitstream, task and device, in turn, with commas
     * @param configuration its file for FPGAs, if not the SDK's
     */
    public static void loadBitstreams(String list, Optional<String> configuration) {
        System.setProperty("tornado.precompiled.binary", list);
        configuration.ifPresent(file -> System.setProperty("tornado.fpga.conf.file", file));
    }

    /** Returns the file descriptor of the real standard error, where the launcher passed it under another number. */
    static Optional<Integer> passedStandardError() {
        return Optional.ofNullable(System.getProperty(STANDARD_ERROR))
                .filter(value -> value.matches("[0-9]{1,4}"))
                .map(Integer::parseInt);
    }

    /** Returns whether Java Flight Recorder has been started in this process. */
    public static boolean flightRecording() {
        return FlightRecorder.isInitialized();
    }

    /** Returns whether progress may be drawn over itself on stderr. */
    public static boolean interactive() {
        return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    }

    /** Returns the JVM's version and vendor. */
    public static String jvm() {
        return System.getProperty("java.vm.name") + " " + Runtime.version();
    }

    /** Returns the processor, the number of cores, and the JVM, on which measured speeds depend. */
    public static String machine() {
        return processor() + ", " + Runtime.getRuntime().availableProcessors() + " cores, " + jvm();
    }

    private static String processor() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException | UncheckedIOException unknown) { // not Linux
            return System.getProperty("os.arch");
        }
    }

    /** Returns how many processes a launcher such as mpirun started together with this one, 0 if none did. */
    public static int processes() {
        return number("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS")
                .map(Integer::parseInt)
                .orElse(0);
    }

    /** Returns the rank that the launcher gave to this process, as text for the user. */
    public static String ownRank() {
        return number("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID")
                .map(rank -> "rank " + rank)
                .orElse("a rank");
    }

    private static Optional<String> number(String... variables) {
        return Stream.of(variables)
                .map(System::getenv)
                .filter(value -> value != null && value.matches("[0-9]{1,6}"))
                .findFirst();
    }

    /** Returns the cache folder of measurements; empty if the user has none. */
    public static Optional<String> cacheFolder() {
        String cache = System.getenv("XDG_CACHE_HOME");
        String home = System.getProperty("user.home");
        if (cache != null && !cache.isEmpty()) {
            return Optional.of(Path.of(cache, "waterspout").toString());
        }
        return home == null || home.isEmpty()
                ? Optional.empty()
                : Optional.of(Path.of(home, ".cache", "waterspout").toString());
    }

    /** Returns the address of the model hub, if the user has set one. */
    public static Optional<String> hubEndpoint() {
        return set("HF_ENDPOINT");
    }

    /** Returns the token for models on the hub that not everybody may have, if the user has set one. */
    public static Optional<String> hubToken() {
        return set("HF_TOKEN");
    }

    private static Optional<String> set(String variable) {
        return Optional.ofNullable(System.getenv(variable)).filter(value -> !value.isBlank());
    }

    /**
     * Returns whether graphs of decode are captured as CUDA graphs, which {@code WATERSPOUT_CUDA_GRAPHS=off} switches
     * off.
     *
     * @throws IllegalArgumentException if the variable is neither on nor off
     */
    public static boolean capturesCudaGraphs() {
        String value = option(CUDA_GRAPHS).orElse("on");
        return switch (value) {
            case "on" -> true;
            case "off" -> false;
            default ->
                throw new IllegalArgumentException("WATERSPOUT_CUDA_GRAPHS is '" + value + "'; it must be on or off");
        };
    }

    /** Returns the launcher that started this process. */
    public static Launcher launcher() {
        if (System.getenv("OMPI_COMM_WORLD_SIZE") != null || System.getenv("PMIX_RANK") != null) {
            return Launcher.OPEN_MPI;
        }
        return System.getenv("PMI_RANK") != null ? Launcher.MPICH : Launcher.UNKNOWN;
    }
}
