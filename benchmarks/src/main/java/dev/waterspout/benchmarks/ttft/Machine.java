package dev.waterspout.benchmarks.ttft;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The machine that results are measured on. */
public final class Machine {
    private Machine() {}

    /** Returns the number of cores and the name of the processor. */
    public static String name() throws IOException {
        Path info = Path.of("/proc/cpuinfo");
        String cpu = "unknown CPU";
        if (Files.exists(info)) {
            cpu = Files.readAllLines(info).stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(cpu);
        }
        return Runtime.getRuntime().availableProcessors() + " cores of " + cpu;
    }
}
