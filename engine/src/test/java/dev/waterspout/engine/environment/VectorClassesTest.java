package dev.waterspout.engine.environment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VectorClassesTest {
    @TempDir
    Path folder;

    @Test
    void jarHoldsTheClassesOfTheVectorApiAndNoModule() throws IOException {
        Path jar = folder.resolve("vector.jar");
        VectorClasses.main(new String[] {jar.toString()});
        try (ZipFile written = new ZipFile(jar.toFile())) {
            List<String> names = written.stream().map(ZipEntry::getName).toList();
            assertThat(names)
                    .contains("jdk/incubator/vector/FloatVector.class")
                    .allMatch(name -> name.endsWith(".class"));
            assertThat(names).doesNotContain("module-info.class");
            byte[] copied = written.getInputStream(written.getEntry("jdk/incubator/vector/FloatVector.class"))
                    .readAllBytes();
            byte[] original = Object.class
                    .getModule()
                    .getLayer()
                    .findModule("jdk.incubator.vector")
                    .orElseThrow()
                    .getResourceAsStream("jdk/incubator/vector/FloatVector.class")
                    .readAllBytes();
            assertThat(copied).isEqualTo(original);
        }
    }
}
