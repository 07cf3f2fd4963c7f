package dev.waterspout.engine.environment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.Opcode;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BootClassesTest {
    private static final MethodTypeDesc LARGER =
            MethodTypeDesc.of(ConstantDescs.CD_int, ConstantDescs.CD_int, ConstantDescs.CD_int);

    @TempDir
    Path folder;

    /** {@return a class of a version whose method "larger" has a branch} */
    private static byte[] classOf(String name, int version) {
        return ClassFile.of(ClassFile.StackMapsOption.DROP_STACK_MAPS)
                .build(
                        ClassDesc.of(name),
                        built -> built.withVersion(version, 0)
                                .withMethodBody(
                                        "larger",
                                        LARGER,
                                        ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC,
                                        code -> code.iload(0)
                                                .iload(1)
                                                .ifThenElse(
                                                        Opcode.IF_ICMPGT,
                                                        first -> first.iload(0).ireturn(),
                                                        second ->
                                                                second.iload(1).ireturn())));
    }

    private static byte[] read(ZipFile jar, String name) throws IOException {
        try (InputStream in = jar.getInputStream(jar.getEntry(name))) {
            return in.readAllBytes();
        }
    }

    @Test
    void jarHoldsTheVectorApiAndOldClassesWithStackMaps() throws Exception {
        Path program = folder.resolve("program.jar");
        try (ZipOutputStream jar = new ZipOutputStream(Files.newOutputStream(program))) {
            for (String name : new String[] {"Old", "New"}) {
                jar.putNextEntry(new ZipEntry(name + ".class"));
                jar.write(classOf(name, name.equals("Old") ? ClassFile.JAVA_5_VERSION : ClassFile.JAVA_6_VERSION));
                jar.closeEntry();
            }
        }
        Path boot = folder.resolve("boot.jar");
        BootClasses.main(new String[] {boot.toString(), program.toString()});
        try (ZipFile written = new ZipFile(boot.toFile())) {
            String vector = "jdk/incubator/vector/FloatVector.class";
            assertThat(written.stream().map(ZipEntry::getName))
                    .contains(vector, "Old.class")
                    .doesNotContain("New.class", "module-info.class")
                    .allMatch(name -> name.endsWith(".class"));
            byte[] original = Object.class
                    .getModule()
                    .getLayer()
                    .findModule("jdk.incubator.vector")
                    .orElseThrow()
                    .getResourceAsStream(vector)
                    .readAllBytes();
            assertThat(read(written, vector)).isEqualTo(original);
            assertThat(ClassFile.of().parse(read(written, "Old.class")).majorVersion())
                    .isEqualTo(ClassFile.JAVA_8_VERSION);
        }
        try (URLClassLoader loader = new URLClassLoader(new URL[] {boot.toUri().toURL()}, null)) {
            Class<?> renewed = Class.forName("Old", true, loader);
            assertThat(renewed.getMethod("larger", int.class, int.class).invoke(null, 3, 5))
                    .isEqualTo(5);
        }
    }
}
