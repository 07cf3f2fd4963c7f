package dev.waterspout.interconnect.mpi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.waterspout.interconnect.InterconnectException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The choice of the MPI library, and messages about unusable ones. */
class MpiLibraryTest {
    @ParameterizedTest
    @EnumSource(
            value = Launcher.class,
            names = {"OPEN_MPI", "MPICH"})
    void findsTheLibraryOfTheLauncher(Launcher launcher) {
        MpiLaunch.assume(launcher);
        MpiLibrary library = MpiLibrary.load(null, launcher);
        assertThat(library.version()).contains(launcher == Launcher.MPICH ? "MPICH" : "Open MPI");
        assertThat(MpiLibrary.load(library.name(), Launcher.UNKNOWN).version()).isEqualTo(library.version());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/nowhere/libmpi.so", "libnowhere.so.1"})
    void namesThePackageToInstallIfThereIsNone(String path) {
        assertRefused(path, "the MPI library " + path + " is absent or cannot be loaded");
    }

    @Test
    void refusesAFileThatIsNoLibrary(@TempDir Path folder) throws IOException {
        Path text = Files.writeString(folder.resolve("libmpi.so"), "no library");
        assertRefused(text.toString(), "cannot be loaded");
    }

    @ParameterizedTest
    @ValueSource(strings = {"libc.so.6", "libz.so.1"})
    void refusesALibraryOfAnotherKind(String name) {
        assertRefused(name, name + " has neither Open MPI's nor MPICH's binary interface");
    }

    private static void assertRefused(String path, String words) {
        assertThatExceptionOfType(InterconnectException.class)
                .isThrownBy(() -> MpiLibrary.load(path, Launcher.UNKNOWN))
                .withMessageContainingAll(words, "openmpi-bin", "libopenmpi3", "WATERSPOUT_MPI_LIBRARY")
                .satisfies(refused -> assertThat(refused.getMessage()).doesNotContain("\n"));
    }

    @Test
    void refusesAZeroTimeout() {
        for (Duration timeout : new Duration[] {Duration.ZERO, Duration.ofNanos(-1), Duration.ofDays(365_000)}) {
            Assertions.assertThatIllegalArgumentException()
                    .isThrownBy(() -> MpiSettings.of(timeout))
                    .withMessageContaining("timeout " + timeout);
        }
    }
}
