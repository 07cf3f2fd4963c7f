package dev.waterspout.kernels.device.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks all kernels, and tests the check itself. */
class KernelBytecodeTest {
    private static final ClassLoader LOADER = KernelBytecodeTest.class.getClassLoader();

    @Test
    void noKernelUsesConstructsThatTornadoVmMiscompiles() throws IOException, URISyntaxException {
        List<String> classes = kernelClasses();

        assertThat(classes).hasSizeGreaterThan(20);
        assertThat(classes.stream().flatMap(name -> KernelBytecode.check(LOADER, name).stream()))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        UnsignedShift     | >>>, which becomes >>
        UnsignedLongShift | >>>, which becomes >>
        Rotation          | Integer.rotateLeft, which contains >>>
        Division          | / or % by a constant, which becomes a wrong shift for negative values
        Remainder         | / or % by a constant, which becomes a wrong shift for negative values
        CastToBits        | the bit cast Float.floatToRawIntBits
        CastToCheckedBits | the bit cast Float.floatToIntBits
        CastFromBits      | the bit cast Float.intBitsToFloat
        HalfConversion    | Float.float16ToFloat, which gives wrong values on OpenCL
        StaticArray       | a read of the static array TABLE
        StaticField       | an access to the static field counter
        JavaMath          | a call of Math.fma: kernels call their own helpers and the API
        NanLiteral        | a NaN literal
        AtMost            | <= or >= of floats, which come out true for NaN
        AtLeast           | <= or >= of floats, which come out true for NaN
        Flag              | a boolean parameter
        """)
    void refuses(String offender, String construct) {
        List<String> findings = KernelBytecode.check(LOADER, name(offender));

        assertThat(findings)
                .singleElement()
                .asString()
                .matches(pattern(offender, "kernel[A-Z]\\w*", "\\d+", construct));
    }

    @ParameterizedTest
    @CsvSource({"IsNan, isnan", "Dot, dot", "Max, max"})
    void refusesReservedNames(String offender, String method) {
        List<String> findings = KernelBytecode.check(LOADER, name(offender));

        assertThat(findings)
                .singleElement()
                .asString()
                .matches(pattern(offender, method, "0", "the reserved name " + method));
    }

    @Test
    void looksIntoHelpersOfOtherClasses() {
        List<String> findings = KernelBytecode.check(LOADER, name("CallsOffender"));

        assertThat(findings)
                .singleElement()
                .asString()
                .matches(pattern("CallsOffender\\$Helper", "shift", "\\d+", ">>>, which becomes >>"));
    }

    @Test
    void refusesClassesWithoutLocalVariables() {
        String clean = name("Clean");
        assertThat(KernelBytecode.check(LOADER, clean)).isEmpty();

        List<String> findings = KernelBytecode.check(withoutDebugInformation(), clean);

        assertThat(findings)
                .isNotEmpty()
                .allSatisfy(finding ->
                        assertThat(finding).endsWith(", line 0: no local variable table: compiled without -g"));
    }

    @Test
    void namesTheLine() {
        assertThat(KernelBytecode.check(LOADER, name("Clean"))).isEmpty();
        assertThat(KernelBytecode.check(LOADER, name("UnsignedShift")).getFirst())
                .doesNotContain("line 0")
                .contains("OffendingKernels$UnsignedShift.kernelShift, line ");
    }

    private static String name(String offender) {
        return OffendingKernels.class.getName().replace('.', '/') + "$" + offender;
    }

    private static String pattern(String offender, String method, String line, String construct) {
        return "\\Q" + OffendingKernels.class.getName() + "$\\E" + offender + "\\." + method + ", line " + line
                + ": \\Q" + construct + "\\E";
    }

    private static List<String> kernelClasses() throws IOException, URISyntaxException {
        Path classes = Path.of(
                Step.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Path folder = classes.resolve(Step.class.getPackageName().replace('.', '/'));
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> classes.relativize(file).toString().replace('\\', '/'))
                    .filter(file -> file.endsWith(".class"))
                    .map(file -> file.substring(0, file.length() - ".class".length()))
                    .filter(name -> KernelBytecode.hasKernels(LOADER, name))
                    .sorted()
                    .toList();
        }
    }

    /** Class files as a compiler without {@code -g} writes them. */
    private static ClassLoader withoutDebugInformation() {
        return new ClassLoader(LOADER) {
            @Override
            public @Nullable InputStream getResourceAsStream(String name) {
                try (InputStream in = super.getResourceAsStream(name)) {
                    if (in == null) {
                        return null;
                    }
                    ClassFile strip = ClassFile.of(ClassFile.DebugElementsOption.DROP_DEBUG);
                    byte[] bytes = strip.transformClass(
                            strip.parse(in.readAllBytes()),
                            ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL));
                    return new ByteArrayInputStream(bytes);
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            }
        };
    }
}
