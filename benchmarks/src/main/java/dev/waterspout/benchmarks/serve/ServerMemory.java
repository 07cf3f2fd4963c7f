package dev.waterspout.benchmarks.serve;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Memory of a server's Java processes. */
final class ServerMemory {
    private ServerMemory() {}

    /** Returns a server's Java processes, the given one first. */
    static Stream<ProcessHandle> processes(ProcessHandle server) {
        return Stream.concat(Stream.of(server), server.descendants())
                .filter(process -> process.info().command().orElse("").endsWith("java"));
    }

    /** Returns the resident memory of a server's processes in MB, the given process first. */
    static String of(ProcessHandle server) throws IOException {
        List<String> sizes = new ArrayList<>();
        for (ProcessHandle process : processes(server).toList()) {
            Path status = Path.of("/proc", Long.toString(process.pid()), "status");
            if (Files.isReadable(status)) {
                Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("VmRSS:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024 / 1_000_000)
                        .forEach(megabytes -> sizes.add(Long.toString(megabytes)));
            }
        }
        return String.join(" + ", sizes);
    }
}
