package dev.waterspout.kernels.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@link FileReplacement}: permissions, failures, and targets of several kinds. */
class FileReplacementTest {
    @TempDir
    private Path folder;

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void linksStayAndTheirTargetsAreReplaced() throws IOException {
        Path target = Files.writeString(folder.resolve("target"), "old");
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("target"));
        FileReplacement.writeText(link, "new");
        assertThat(link).isSymbolicLink();
        assertThat(target).hasContent("new");
        Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), Path.of("made"));
        FileReplacement.writeText(dangling, "new");
        assertThat(dangling).isSymbolicLink();
        assertThat(folder.resolve("made")).hasContent("new");
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void permissionsFollowTheUmask() throws IOException {
        Path usual = Files.createFile(folder.resolve("usual"));
        Path target = folder.resolve("target");
        FileReplacement.writeText(target, "content");
        assertThat(target).hasContent("content");
        assertThat(Files.getPosixFilePermissions(target)).isEqualTo(Files.getPosixFilePermissions(usual));
    }

    @Test
    void aFailureLeavesTheOldContentAndNothingElse() throws IOException {
        Path target = Files.writeString(folder.resolve("target"), "old");
        assertThatThrownBy(() -> FileReplacement.write(target, file -> {
                    FileReplacement.writeFully(ByteBuffer.wrap(new byte[4]), file);
                    throw new IOException("no space left");
                }))
                .isInstanceOf(IOException.class)
                .hasMessage(target + ": no space left");
        assertThat(target).hasContent("old");
        assertThat(folder).isDirectoryContaining(target::equals);
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(target);
        }
    }

    @Test
    void aSuccessReplacesTheOldContentAndLeavesNothingElse() throws IOException {
        Path target = Files.writeString(folder.resolve("target"), "old");
        FileReplacement.writeText(target, "new");
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(target);
        }
        assertThat(target).hasContent("new");
    }

    @Test
    void aMissingFolderIsNamed() {
        Path target = folder.resolve("missing/target");
        assertThatThrownBy(() -> FileReplacement.write(target, file -> {}))
                .isInstanceOf(FileSystemException.class)
                .hasMessage(target + ": there is no folder " + folder.resolve("missing"));
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void aDeviceIsWrittenInPlace() throws IOException {
        Path device = Path.of("/dev/null");
        FileReplacement.writeText(device, "text");
        assertThat(Files.isRegularFile(device)).isFalse();
        assertThat(Files.exists(device)).isTrue();
    }
}
