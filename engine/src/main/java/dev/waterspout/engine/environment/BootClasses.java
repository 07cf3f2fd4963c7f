package dev.waterspout.engine.environment;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.constant.ClassDesc;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Writes a jar for the boot class path with classes that a start-up cache would not hold otherwise (JDK 25):
 *
 * <ul>
 *   <li>Those of the Vector API, copied from this JDK's run-time image. A cache holds linked classes and lambda
 *       expressions only if no incubator module is in the boot layer ({@code ModuleBootstrap}), and the Vector API is
 *       one. On the boot class path the same classes belong to no module.
 *   <li>The program's classes of a version before Java 6, with the stack maps of newer versions. Without stack maps
 *       classes are verified each time they are loaded, and a cache leaves them out.
 * </ul>
 */
public final class BootClasses {
    private static final String MODULE = "jdk.incubator.vector";
    private static final String DESCRIPTOR = "module-info.class";

    private BootClasses() {}

    /**
     * Writes the jar. {@code bin/waterspout} calls it when it makes a start-up cache.
     *
     * @param arguments path of the jar, which is replaced if it exists, and path of the program's jar
     * @throws IOException if this JDK has no such module, or a jar cannot be read or written
     */
    public static void main(String[] arguments) throws IOException {
        try (ZipOutputStream jar = new ZipOutputStream(Files.newOutputStream(Path.of(arguments[0])));
                ZipFile program = new ZipFile(arguments[1])) {
            jar.setLevel(Deflater.NO_COMPRESSION);
            copyModule(jar);
            ClassHierarchyResolver types = ClassHierarchyResolver.defaultResolver()
                    .orElse(ClassHierarchyResolver.ofResourceParsing(type -> open(program, type)));
            ClassFile classes = ClassFile.of(
                    ClassFile.StackMapsOption.GENERATE_STACK_MAPS, ClassFile.ClassHierarchyResolverOption.of(types));
            for (ZipEntry entry : program.stream().toList()) {
                if (entry.getName().endsWith(".class")) {
                    try (InputStream in = program.getInputStream(entry)) {
                        renew(entry.getName(), in.readAllBytes(), classes, jar);
                    }
                }
            }
        }
    }

    /** {@return a class of the program, or null if it has none of that name} */
    private static @Nullable InputStream open(ZipFile program, ClassDesc type) {
        String descriptor = type.descriptorString();
        ZipEntry entry = program.getEntry(descriptor.substring(1, descriptor.length() - 1) + ".class");
        try {
            return entry == null ? null : program.getInputStream(entry);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void copyModule(ZipOutputStream jar) throws IOException {
        Path module = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("modules", MODULE);
        List<Path> classes;
        try (Stream<Path> files = Files.walk(module)) {
            classes = files.filter(Files::isRegularFile)
                    .filter(file -> !file.endsWith(DESCRIPTOR))
                    .sorted()
                    .toList();
        }
        for (Path file : classes) {
            put(jar, module.relativize(file).toString(), Files.readAllBytes(file));
        }
    }

    /** Adds a class with stack maps if it is from before Java 6. */
    private static void renew(String name, byte[] bytes, ClassFile classes, ZipOutputStream jar) throws IOException {
        int version = (bytes[6] & 0xff) << Byte.SIZE | (bytes[7] & 0xff);
        if (version >= ClassFile.JAVA_6_VERSION) {
            return;
        }
        // Only bodies that are built anew get stack maps.
        ClassTransform renewal = ClassTransform.transformingMethodBodies((code, element) -> code.with(element))
                .andThen((renewed, element) -> {
                    if (element instanceof ClassFileVersion) {
                        renewed.withVersion(ClassFile.JAVA_8_VERSION, 0);
                    } else {
                        renewed.with(element);
                    }
                });
        put(jar, name, classes.transformClass(classes.parse(bytes), renewal));
    }

    private static void put(ZipOutputStream jar, String name, byte[] bytes) throws IOException {
        jar.putNextEntry(new ZipEntry(name));
        jar.write(bytes);
        jar.closeEntry();
    }
}
