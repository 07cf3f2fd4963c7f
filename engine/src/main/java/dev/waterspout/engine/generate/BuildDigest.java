package dev.waterspout.engine.generate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Enumeration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * A digest of this program's classes. Builds of the same sources have the same digest. Builds of different sources may
 * have the same version number.
 */
final class BuildDigest {
    private static final String CLASS = ".class";

    private BuildDigest() {}

    /** {@return the digest of the archive or folder that this class was loaded from, as 8 hexadecimal digits} */
    static String own() {
        return Own.DIGEST;
    }

    /** Computed on first use. */
    private static final class Own {
        private static final String DIGEST = compute();
    }

    private static String compute() {
        CodeSource source = BuildDigest.class.getProtectionDomain().getCodeSource();
        if (source == null || source.getLocation() == null) {
            return "unknown";
        }
        try {
            return of(Path.of(source.getLocation().toURI()));
        } catch (URISyntaxException | IllegalArgumentException notAFile) {
            return "unknown";
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** {@return the digest of the classes in an archive, or in a folder, by their names and checksums} */
    static String of(Path archiveOrFolder) throws IOException {
        Map<String, Long> classes =
                Files.isDirectory(archiveOrFolder) ? inFolder(archiveOrFolder) : inArchive(archiveOrFolder);
        CRC32C digest = new CRC32C();
        classes.forEach(
                (name, checksum) -> digest.update((name + " " + checksum + "\n").getBytes(StandardCharsets.UTF_8)));
        return String.format(Locale.ROOT, "%08x", digest.getValue());
    }

    /** An archive's directory has the checksum of each entry. */
    private static Map<String, Long> inArchive(Path archive) throws IOException {
        Map<String, Long> classes = new TreeMap<>();
        try (ZipFile zip = new ZipFile(archive.toFile())) {
            Enumeration<? extends ZipEntry> entries = zip.entries();
            while (entries.hasMoreElements()) {
                ZipEntry entry = entries.nextElement();
                if (entry.getName().endsWith(CLASS)) {
                    classes.put(entry.getName(), entry.getCrc());
                }
            }
        }
        return classes;
    }

    private static Map<String, Long> inFolder(Path folder) throws IOException {
        Map<String, Long> classes = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file :
                    (Iterable<Path>) files.filter(each -> each.toString().endsWith(CLASS))::iterator) {
                CRC32 checksum = new CRC32();
                checksum.update(Files.readAllBytes(file));
                classes.put(folder.relativize(file).toString().replace('\\', '/'), checksum.getValue());
            }
        }
        return classes;
    }
}
