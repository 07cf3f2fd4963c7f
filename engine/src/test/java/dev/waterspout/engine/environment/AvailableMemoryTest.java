package dev.waterspout.engine.environment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AvailableMemoryTest {
    @TempDir
    private Path root;

    private AvailableMemory memory() {
        return new AvailableMemory(root.resolve("proc"), root.resolve("groups"));
    }

    private void write(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    @Test
    void onlyTheMachineCountsIfNoGroupHasALimit() throws IOException {
        assertThat(memory().find()).isEmpty();
        write("proc/meminfo", "MemTotal:       2000 kB\nMemFree:         100 kB\nMemAvailable:   1000 kB\n");
        write("proc/self/cgroup", "0::/user.slice/session\n");
        write("groups/user.slice/memory.max", "max\n");
        write("groups/user.slice/memory.current", "5\n");
        assertThat(memory().find()).hasValue(1_024_000);
    }

    @Test
    void theParentGroupCountsWithoutItsPageCache() throws IOException {
        write("proc/meminfo", "MemAvailable:   1000 kB\n");
        write("proc/self/cgroup", "0::/limited/inner\n");
        write("groups/limited/inner/memory.max", "max\n");
        write("groups/limited/memory.max", "500000\n");
        write("groups/limited/memory.current", "450000\n");
        write("groups/limited/memory.stat", "anon 150000\nfile 300000\ninactive_file 200000\nactive_file 100000\n");
        assertThat(memory().find()).hasValue(350_000);
        write("groups/limited/memory.current", "900000\n");
        assertThat(memory().find()).hasValue(0);
    }

    @Test
    void cgroupV1CountsEvenIfThePathIsNotVisible() throws IOException {
        write("proc/meminfo", "MemAvailable:   1000 kB\n");
        write("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/docker/0123\n0::/\n");
        write("groups/memory/memory.limit_in_bytes", "700000\n");
        write("groups/memory/memory.usage_in_bytes", "100000\n");
        write("groups/memory/memory.stat", "cache 60000\ntotal_inactive_file 40000\ntotal_active_file 20000\n");
        assertThat(memory().find()).hasValue(660_000);
        write("groups/memory/memory.limit_in_bytes", "9223372036854771712\n"); // no limit
        assertThat(memory().find()).hasValue(1_024_000);
    }
}
