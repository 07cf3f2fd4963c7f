package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.environment.Environment;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Reads options that are not on the command line from {@code WATERSPOUT_<OPTION>}, such as WATERSPOUT_CTX_SIZE. */
public final class EnvironmentDefaults implements IDefaultValueProvider {
    @Override
    public @Nullable String defaultValue(ArgSpec argument) {
        if (!(argument instanceof OptionSpec option) || option.usageHelp() || option.versionHelp()) {
            return null;
        }
        return Environment.option(option.longestName()).orElse(null);
    }
}
