package dev.waterspout.engine.environment;

import java.util.Objects;

/** The version of this program. */
public final class Version {
    private Version() {}

    /** Returns its number, or {@code development} where the classes do not come from a jar. */
    public static String number() {
        return Objects.requireNonNullElse(Version.class.getPackage().getImplementationVersion(), "development");
    }
}
