package dev.waterspout.engine.cli.print;

import dev.waterspout.engine.environment.Environment;
import dev.waterspout.engine.environment.Version;
import picocli.CommandLine.IVersionProvider;

/** The output of {@code --version}. */
public final class VersionProvider implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"waterspout " + Version.number(), Environment.jvm()};
    }
}
