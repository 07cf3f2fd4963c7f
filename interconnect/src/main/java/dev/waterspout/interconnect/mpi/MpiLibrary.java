package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.InterconnectException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An installed MPI library. It is loaded on request and never unloaded. */
public final class MpiLibrary {
    private static final List<String> OPEN_MPI_NAMES = List.of("libmpi.so.40");
    private static final List<String> MPICH_NAMES = List.of("libmpich.so.12", "libmpi.so.12");
    /** The library's name without a version: libmpi.so or libmpi.dylib. */
    private static final String PLAIN_NAME = System.mapLibraryName("mpi");

    private static final String INSTALL =
            "install Open MPI (Debian: openmpi-bin and libopenmpi3) or MPICH (mpich), or set"
                    + " WATERSPOUT_MPI_LIBRARY to the library's path";
    /** MPI_MAX_LIBRARY_VERSION_STRING is 256 with Open MPI, 8192 with MPICH. */
    private static final int MAX_VERSION_BYTES = 8192;

    /**
     * Environment variables of libraries that MPI loads. Without them UCX would handle SIGSEGV, which this JVM uses to
     * stop its threads, and hwloc would load OpenCL drivers, which install signal handlers.
     */
    private static final Map<String, String> KEEP_SIGNALS =
            Map.of("UCX_ERROR_SIGNALS", "", "HWLOC_COMPONENTS", "-opencl");

    private final String name;
    private final MpiAbi abi;
    private final SymbolLookup symbols;
    private final String version;
    private final MpiFunctions functions;

    private MpiLibrary(String name, MpiAbi abi, SymbolLookup symbols, String version) {
        this.name = name;
        this.abi = abi;
        this.symbols = symbols;
        this.version = version;
        this.functions = MpiFunctions.bind(symbols, abi);
    }

    /**
     * A library that consists of the given functions.
     *
     * @param abi an ABI whose handles are numbers
     */
    MpiLibrary(String name, MpiAbi abi, MpiFunctions functions) {
        this.name = name;
        this.abi = abi;
        this.symbols = _ -> Optional.empty();
        this.version = name;
        this.functions = functions;
    }

    /**
     * Loads a library.
     *
     * @param path path of the library, or its name for the system's loader; null to look for one that fits the launcher
     * @param launcher launcher that started this process
     * @return the first that has a known binary interface
     * @throws InterconnectException if there is none; the message names the libraries that were tried and the packages
     *     to install
     */
    public static MpiLibrary load(@Nullable String path, Launcher launcher) {
        KEEP_SIGNALS.forEach(MpiLibrary::setEnvironment);
        if (path != null) {
            SymbolLookup symbols = open(path)
                    .orElseThrow(() -> new InterconnectException(
                            "the MPI library " + path + " is absent or cannot be loaded: " + INSTALL));
            return of(path, symbols)
                    .orElseThrow(() -> new InterconnectException(
                            path + " has neither Open MPI's nor MPICH's binary interface: " + INSTALL));
        }
        List<String> names = names(launcher);
        List<String> foreign = new ArrayList<>();
        for (String name : names) {
            Optional<SymbolLookup> symbols = open(name);
            Optional<MpiLibrary> library = symbols.flatMap(found -> of(name, found));
            if (library.isPresent() && library.get().fits(launcher)) {
                return library.get();
            }
            symbols.ifPresent(_ -> foreign.add(name));
        }
        throw new InterconnectException("no MPI library was found that works with this launcher: looked for "
                + String.join(", ", names)
                + (foreign.isEmpty() ? "" : " (of another kind: " + String.join(", ", foreign) + ")") + "; " + INSTALL);
    }

    /**
     * Sets a variable of the C library's environment unless it is set. Java's view of the environment does not change.
     */
    @SuppressWarnings("restricted")
    private static void setEnvironment(String name, String value) {
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> function = linker.defaultLookup().find("setenv");
        if (function.isEmpty()) { // not POSIX
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            int failed = (int) linker.downcallHandle(
                            function.get(),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.JAVA_INT))
                    .invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 0);
            if (failed != 0) {
                throw new InterconnectException("the environment variable " + name + " cannot be set");
            }
        } catch (InterconnectException refused) {
            throw refused;
        } catch (Throwable impossible) {
            throw new AssertionError("a C function threw", impossible);
        }
    }

    private static List<String> names(Launcher launcher) {
        List<String> names = new ArrayList<>();
        if (launcher != Launcher.MPICH) {
            names.addAll(OPEN_MPI_NAMES);
        }
        if (launcher != Launcher.OPEN_MPI) {
            names.addAll(MPICH_NAMES);
        }
        names.add(PLAIN_NAME);
        return names;
    }

    @SuppressWarnings("restricted")
    private static Optional<SymbolLookup> open(String name) {
        try {
            return Optional.of(
                    name.indexOf('/') < 0
                            ? SymbolLookup.libraryLookup(name, Arena.global())
                            : SymbolLookup.libraryLookup(Path.of(name), Arena.global()));
        } catch (IllegalArgumentException absent) { // the loader gives no other reason
            return Optional.empty();
        }
    }

    private static Optional<MpiLibrary> of(String name, SymbolLookup symbols) {
        if (symbols.find("MPI_Get_library_version").isEmpty() || hasStandardAbi(symbols)) {
            return Optional.empty();
        }
        String version = version(symbols);
        for (MpiAbi abi : MpiAbi.ALL) {
            if (abi.matches(symbols, version)) {
                return Optional.of(new MpiLibrary(name, abi, symbols, version));
            }
        }
        return Optional.empty();
    }

    private boolean fits(Launcher launcher) {
        return launcher == Launcher.UNKNOWN || launcher == abi.launcher();
    }

    /** {@return whether the library has the binary interface of MPI 5, whose handles have other values} */
    private static boolean hasStandardAbi(SymbolLookup symbols) {
        return symbols.find("MPI_Abi_get_version")
                .map(function -> {
                    try (Arena arena = Arena.ofConfined()) {
                        MemorySegment major = arena.allocate(ValueLayout.JAVA_INT);
                        MemorySegment minor = arena.allocate(ValueLayout.JAVA_INT);
                        int error = call(function, major, minor);
                        return error == 0 && major.get(ValueLayout.JAVA_INT, 0) > 0;
                    }
                })
                .orElse(false);
    }

    private static String version(SymbolLookup symbols) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(MAX_VERSION_BYTES);
            call(symbols.findOrThrow("MPI_Get_library_version"), text, arena.allocate(ValueLayout.JAVA_INT));
            return text.getString(0).lines().findFirst().orElse("").strip();
        }
    }

    /** Calls one of the functions that may be called before MPI is initialized. */
    @SuppressWarnings("restricted")
    private static int call(MemorySegment function, MemorySegment first, MemorySegment second) {
        try {
            return (int) Linker.nativeLinker()
                    .downcallHandle(
                            function,
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS))
                    .invokeExact(first, second);
        } catch (Throwable impossible) {
            throw new AssertionError("a C function threw", impossible);
        }
    }

    /** Returns the library's name and version, such as "Open MPI v4.1.4". */
    public String version() {
        // Open MPI's text continues with details of the build.
        return version.replaceAll("\\s+", " ").replaceAll(",.*", "");
    }

    /** Returns the path or name that the library was loaded by. */
    public String name() {
        return name;
    }

    MpiAbi abi() {
        return abi;
    }

    MpiFunctions functions() {
        return functions;
    }

    /** {@return the value of a predefined handle in {@link MpiAbi.Handles}} */
    long handle(String handle) {
        return abi.value(symbols, handle);
    }
}
