package dev.waterspout.engine.environment;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The memory that is still available to a process on Linux, within the limits of the machine and of the process's
 * control groups. Pages of files count as available, since the system releases them on demand.
 *
 * <p>Source: the kernel's documentation of control groups, {@code cgroup-v1/memory} and {@code cgroup-v2}.
 */
public final class AvailableMemory {
    private static final Pattern LINES = Pattern.compile("[: ]+");

    /**
     * How a version of control groups names things.
     *
     * @param mount where its groups are, relative to the file system of groups
     * @param limit file of the limit
     * @param use file of the bytes that count towards the limit
     * @param filePages entries of memory.stat: bytes of them that are pages of files
     */
    private record Version(String mount, String limit, String use, List<String> filePages) {}

    private static final Version FIRST = new Version(
            "memory",
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            List.of("total_inactive_file", "total_active_file"));
    private static final Version SECOND =
            new Version("", "memory.max", "memory.current", List.of("inactive_file", "active_file"));

    private final Path processes;
    private final Path groups;

    AvailableMemory(Path processes, Path groups) {
        this.processes = processes;
        this.groups = groups;
    }

    /** Returns bytes; empty if they are not known, as on systems other than Linux. */
    public static OptionalLong bytes() {
        return new AvailableMemory(Path.of("/proc"), Path.of("/sys/fs/cgroup")).find();
    }

    OptionalLong find() {
        List<Long> each = new ArrayList<>();
        OptionalLong machine = entry(processes.resolve("meminfo"), "MemAvailable");
        machine.ifPresent(kilobytes -> each.add(1024 * kilobytes));
        for (String line : lines(processes.resolve("self/cgroup"))) {
            String[] parts = line.split(":", 3); // number, controllers, path; version 2 has no controllers
            if (parts.length == 3 && parts[1].isEmpty()) {
                add(SECOND, parts[2], each);
            } else if (parts.length == 3
                    && Arrays.asList(parts[1].split(",", -1)).contains("memory")) {
                add(FIRST, parts[2], each);
            }
        }
        return each.stream().mapToLong(Long::longValue).min();
    }

    /**
     * Adds the memory left by a control group and its ancestors. A path that is not visible in a container is replaced
     * by the root.
     */
    private void add(Version version, String path, List<Long> each) {
        Path root = groups.resolve(version.mount()).normalize();
        Path group = root.resolve(path.substring(Math.min(1, path.length()))).normalize();
        while (group != null && group.startsWith(root)) {
            left(version, group).ifPresent(each::add);
            group = group.getParent();
        }
    }

    private static OptionalLong left(Version version, Path group) {
        OptionalLong limit = number(group.resolve(version.limit()));
        OptionalLong use = number(group.resolve(version.use()));
        if (limit.isEmpty() || use.isEmpty()) {
            return OptionalLong.empty();
        }
        long files = version.filePages().stream()
                .mapToLong(name -> entry(group.resolve("memory.stat"), name).orElse(0))
                .sum();
        return OptionalLong.of(Math.max(0, limit.getAsLong() - Math.max(0, use.getAsLong() - files)));
    }

    /** Returns the number in a file; empty if it contains no limit. */
    private static OptionalLong number(Path file) {
        return lines(file).stream()
                .filter(line -> line.matches("[0-9]{1,18}"))
                .mapToLong(Long::parseLong)
                .findFirst();
    }

    private static OptionalLong entry(Path file, String name) {
        Map<String, String> entries = lines(file).stream()
                .map(line -> LINES.split(line, 3))
                .filter(parts -> parts.length > 1)
                .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1], (first, _) -> first));
        String value = entries.getOrDefault(name, "");
        return value.matches("[0-9]{1,15}") ? OptionalLong.of(Long.parseLong(value)) : OptionalLong.empty();
    }

    private static List<String> lines(Path file) {
        try {
            return Files.isReadable(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException | UncheckedIOException unknown) {
            return List.of();
        }
    }
}
