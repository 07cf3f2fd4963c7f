package dev.waterspout.engine.environment;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Copies the classes of the Vector API from this JDK's run-time image to a jar for the boot class path. A start-up
 * cache holds linked classes and lambda expressions only if no incubator module is in the boot layer (JDK 25,
 * {@code ModuleBootstrap}), and the Vector API is one. On the boot class path the same classes belong to no module.
 */
public final class VectorClasses {
    private static final String MODULE = "jdk.incubator.vector";
    private static final String DESCRIPTOR = "module-info.class";

    private VectorClasses() {}

    /**
     * Writes the jar. {@code bin/waterspout} calls it when it makes a start-up cache.
     *
     * @param arguments path of the jar, which is replaced if it exists
     * @throws IOException if this JDK has no such module, or the jar cannot be written
     */
    public static void main(String[] arguments) throws IOException {
        Path module = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("modules", MODULE);
        List<Path> classes;
        try (Stream<Path> files = Files.walk(module)) {
            classes = files.filter(Files::isRegularFile)
                    .filter(file -> !file.endsWith(DESCRIPTOR))
                    .sorted()
                    .toList();
        }
        try (ZipOutputStream jar = new ZipOutputStream(Files.newOutputStream(Path.of(arguments[0])))) {
            jar.setLevel(Deflater.NO_COMPRESSION);
            for (Path file : classes) {
                jar.putNextEntry(new ZipEntry(module.relativize(file).toString()));
                Files.copy(file, jar);
                jar.closeEntry();
            }
        }
    }
}
