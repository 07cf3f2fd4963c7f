package dev.waterspout.engine.api;

import dev.waterspout.engine.environment.Version;
import dev.waterspout.engine.model.Model;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The options that must be equal in all processes of a group, by their names on the command line. */
final class Facts {
    private Facts() {}

    static Map<String, String> of(Model model, Options options, int ranks) {
        Map<String, String> facts = new TreeMap<>();
        facts.put("version", Version.number());
        facts.put("model", model.file().digest());
        List<Double> shares = options.ranks().shares();
        facts.put("--tensor-split", (shares.isEmpty() ? Collections.nCopies(ranks, 1.0) : shares).toString());
        facts.put("--expert-parallel", Boolean.toString(options.ranks().wholeExperts()));
        facts.put("--attention", lower(options.ranks().attention()));
        int positions = options.context().positionsFor(model.config().contextLength());
        facts.put("--ctx-size", Integer.toString(positions));
        facts.put("--parallel", Integer.toString(options.context().sequences()));
        facts.put("--cache-size", Long.toString(options.context().cachePositionsFor(positions)));
        facts.put("--cache-type", lower(options.context().cacheType()));
        facts.put("--activations", lower(options.host().activations()));
        facts.put("--batch-size", Integer.toString(options.host().batch()));
        Exchange exchange = options.exchange();
        facts.put("--collective", exchange.collective().map(Facts::lower).orElse("auto"));
        facts.put("--overlap", lower(exchange.overlap()));
        facts.put("--allow-saturation", Boolean.toString(exchange.allowSaturation()));
        facts.put("rows of logits", Integer.toString(options.context().logitRows()));
        putFormats(exchange.formats(), facts);
        return facts;
    }

    private static void putFormats(Formats formats, Map<String, String> facts) {
        switch (formats) {
            case Formats.Usual usual -> putFormats(usual.apart(), facts);
            case Formats.Fixed fixed -> facts.put("--comm", fixed.format().label());
            case Formats.Mapped mapped -> facts.put("--comm", mapped.map().toString());
            case Formats.Auto auto -> {
                facts.put("--comm", "auto");
                facts.put("--quality", Double.toString(auto.qualityPercent()));
                String allowed =
                        auto.allowed().stream().map(format -> format.label()).collect(Collectors.joining(","));
                facts.put("--comm-allow", allowed + auto.maps());
                facts.put("--comm-measure", lower(auto.measuring()));
            }
        }
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
