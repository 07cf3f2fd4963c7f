package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.environment.Environment;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/** An option that is not on the command line comes from {@code WATERSPOUT_<OPTION>}, as in WATERSPOUT_CTX_SIZE. */
public final class EnvironmentDefaults implements IDefaultValueProvider {
    @Override
    public @Nullable String defaultValue(ArgSpec argument) {
        if (!(argument instanceof OptionSpec option) || option.usageHelp() || option.versionHelp()) {
            return null;
        }
        return Environment.option(option.longestName()).orElse(null);
    }
}
