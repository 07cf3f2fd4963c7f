package dev.waterspout.emulator;

import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.reflect.AccessFlag;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Compares the public and protected members of two class files. */
final class ApiSignatures {
    private static final Set<AccessFlag> CLASS_FLAGS =
            Set.of(AccessFlag.PUBLIC, AccessFlag.FINAL, AccessFlag.INTERFACE, AccessFlag.ABSTRACT, AccessFlag.ENUM);
    private static final Set<AccessFlag> FIELD_FLAGS =
            Set.of(AccessFlag.PUBLIC, AccessFlag.PROTECTED, AccessFlag.STATIC, AccessFlag.FINAL, AccessFlag.ENUM);
    private static final Set<AccessFlag> METHOD_FLAGS =
            Set.of(AccessFlag.PUBLIC, AccessFlag.PROTECTED, AccessFlag.STATIC, AccessFlag.FINAL, AccessFlag.VARARGS);

    private ApiSignatures() {}

    /** Returns the public and protected members of {@code ours} that are missing in {@code real} or differ there. */
    static List<String> differences(byte[] ours, byte[] real) {
        ClassModel our = ClassFile.of().parse(ours);
        List<String> found = new ArrayList<>();
        String name = our.thisClass().asInternalName();
        List<String> realType = type(ClassFile.of().parse(real));
        for (String line : type(our)) {
            if (!realType.contains(line)) {
                found.add(name + ": the real API has no " + line);
            }
        }
        return found;
    }

    static boolean isPublic(byte[] classFile) {
        return ClassFile.of().parse(classFile).flags().has(AccessFlag.PUBLIC);
    }

    private static List<String> type(ClassModel type) {
        List<String> lines = new ArrayList<>();
        lines.add("type " + names(type.flags().flags(), CLASS_FLAGS) + signature(type));
        lines.add("superclass "
                + type.superclass().map(ClassEntry::asInternalName).orElse("none"));
        type.interfaces().forEach(i -> lines.add("interface " + i.asInternalName()));
        int ordinal = 0;
        for (FieldModel field : type.fields()) {
            if (isVisible(field.flags().flags())) {
                int position = field.flags().has(AccessFlag.ENUM) ? ordinal++ : -1;
                lines.add(field(field, position));
            }
        }
        for (MethodModel method : type.methods()) {
            if (isVisible(method.flags().flags())) {
                lines.add(method(method));
            }
        }
        return lines;
    }

    private static String field(FieldModel field, int ordinal) {
        return "field " + names(field.flags().flags(), FIELD_FLAGS) + field.fieldName() + " " + field.fieldType()
                + field.findAttribute(Attributes.signature())
                        .map(a -> " " + a.signature())
                        .orElse("")
                + field.findAttribute(Attributes.constantValue())
                        .map(a -> " = " + a.constant().constantValue())
                        .orElse("")
                + (ordinal < 0 ? "" : " at " + ordinal);
    }

    private static String method(MethodModel method) {
        TreeSet<String> thrown = new TreeSet<>();
        method.findAttribute(Attributes.exceptions())
                .ifPresent(a -> a.exceptions().forEach(e -> thrown.add(e.asInternalName())));
        return "method " + names(method.flags().flags(), METHOD_FLAGS) + method.methodName() + method.methodType()
                + method.findAttribute(Attributes.signature())
                        .map(a -> " " + a.signature())
                        .orElse("")
                + " throws " + thrown;
    }

    private static String signature(ClassModel type) {
        // A class with fewer interfaces than the real one has a shorter signature: only type parameters count.
        return type.findAttribute(Attributes.signature())
                .map(a -> a.asClassSignature().typeParameters().toString())
                .orElse("[]");
    }

    private static boolean isVisible(Set<AccessFlag> flags) {
        return (flags.contains(AccessFlag.PUBLIC) || flags.contains(AccessFlag.PROTECTED))
                && !flags.contains(AccessFlag.SYNTHETIC);
    }

    private static String names(Set<AccessFlag> flags, Set<AccessFlag> compared) {
        TreeSet<String> names = new TreeSet<>();
        flags.stream().filter(compared::contains).forEach(flag -> names.add(flag.name()));
        return names + " ";
    }
}
