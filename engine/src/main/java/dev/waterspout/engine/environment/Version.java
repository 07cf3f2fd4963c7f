package dev.waterspout.engine.environment;

import java.util.Objects;

/** The version of this program. */
public final class Version {
    private Version() {}

    /** Returns the version number, or {@code development} if the classes are not in a jar. */
    public static String number() {
        return Objects.requireNonNullElse(Version.class.getPackage().getImplementationVersion(), "development");
    }
}
