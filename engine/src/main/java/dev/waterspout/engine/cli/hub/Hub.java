package dev.waterspout.engine.cli.hub;

import dev.waterspout.kernels.files.FileReplacement;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Models of a hub by name. A repository's files are stored in {@code CACHE/owner/repo}, with the hub's list of them. A
 * model that is complete there is used without a request to the hub.
 */
public final class Hub {
    private static final String LISTING = ".listing.json";

    private final HubSettings settings;

    /** @param settings address of the hub and folder of the models */
    public Hub(HubSettings settings) {
        this.settings = settings;
    }

    /**
     * A downloaded model, or a part of one.
     *
     * @param repository {@code owner/repo}
     * @param file path of the file within it
     * @param bytes its size so far
     * @param complete whether all of it is there
     */
    public record Stored(String repository, String file, long bytes, boolean complete) {}

    /**
     * Returns a model's file, downloaded if necessary.
     *
     * @param reference its name
     * @param progress receives the progress of downloads
     * @return the file, or the first part of a model that is split
     * @throws IOException if the hub does not have it, or it cannot be downloaded or stored
     */
    public Path fetch(HubReference reference, HubProgress progress) throws IOException {
        Path folder = folder(reference);
        Optional<HubListing> known = savedListing(folder);
        if (known.isPresent()) {
            try {
                List<HubFile> parts = known.get().select(reference);
                if (parts.stream().allMatch(part -> HubDownload.complete(part, folder.resolve(part.path())))) {
                    return folder.resolve(parts.getFirst().path());
                }
            } catch (HubException notThen) {
                // The repository may have changed since the list was stored.
            }
        }
        try (HubHttp http = new HubHttp(settings)) {
            HubListing listing = list(reference, http);
            List<HubFile> parts = listing.select(reference);
            save(listing, folder);
            HubDownload download = new HubDownload(settings, http, progress);
            for (HubFile part : parts) {
                download.run(
                        part,
                        address("/" + reference.name() + "/resolve/main/" + part.path()),
                        folder.resolve(part.path()));
            }
            return folder.resolve(parts.getFirst().path());
        }
    }

    /** Returns the folder of downloaded models. */
    public Path folder() {
        return settings.cache();
    }

    /** Returns the downloaded models, sorted by name. */
    public List<Stored> stored() throws IOException {
        List<Stored> stored = new ArrayList<>();
        if (!Files.isDirectory(settings.cache())) {
            return stored;
        }
        try (Stream<Path> files = Files.walk(settings.cache())) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                Path inside = settings.cache().relativize(file);
                String name = String.valueOf(inside.getFileName());
                boolean complete = !name.endsWith(".part");
                boolean begun = complete || Files.size(file) > 0;
                if (inside.getNameCount() > 2 && !name.equals(LISTING) && begun) {
                    String path = inside.subpath(2, inside.getNameCount()).toString();
                    stored.add(new Stored(
                            inside.subpath(0, 2).toString(),
                            complete ? path : path.substring(0, path.length() - ".part".length()),
                            Files.size(file),
                            complete));
                }
            }
        }
        return stored;
    }

    /**
     * Deletes the downloaded files of a repository, or of one of its models.
     *
     * @param reference the model; with a quantization, only files with that word in their names
     * @return the number of bytes freed
     * @throws HubException if there is nothing of that name
     */
    public long remove(HubReference reference) throws IOException {
        Path folder = folder(reference);
        List<Path> doomed = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                files.filter(Files::isRegularFile)
                        .filter(file ->
                                matches(reference, folder.relativize(file).toString()))
                        .forEach(doomed::add);
            }
        }
        if (doomed.isEmpty()) {
            throw new HubException("nothing of " + reference + " has been downloaded to " + settings.cache());
        }
        long freed = 0;
        for (Path file : doomed) {
            freed += Files.size(file);
            Files.delete(file);
        }
        deleteEmptyFolders(folder);
        return freed;
    }

    private static boolean matches(HubReference reference, String file) {
        return reference.quant().isEmpty()
                || HubListing.hasWord(file, reference.quant().get());
    }

    private void deleteEmptyFolders(Path folder) throws IOException {
        List<Path> folders;
        try (Stream<Path> all = Files.walk(folder)) {
            folders = all.filter(Files::isDirectory)
                    .sorted(Comparator.reverseOrder())
                    .toList();
        }
        for (Path each : folders) {
            try (Stream<Path> content = Files.list(each)) {
                List<Path> rest = content.toList();
                boolean onlyListing = rest.size() == 1 && rest.getFirst().endsWith(LISTING);
                if (onlyListing) {
                    Files.delete(rest.getFirst());
                }
                if (onlyListing || rest.isEmpty()) {
                    Files.delete(each);
                }
            }
        }
    }

    private Path folder(HubReference reference) {
        return settings.cache().resolve(reference.owner()).resolve(reference.repository());
    }

    private HubListing list(HubReference reference, HubHttp http) throws IOException {
        URI tree = address("/api/models/" + reference.name() + "/tree/main?recursive=true");
        List<HubFile> files = new ArrayList<>();
        try {
            for (byte[] page : http.pages(tree, "there is no repository " + reference.name() + " on the hub")) {
                files.addAll(HubListing.parse(page));
            }
        } catch (HubException answer) {
            throw answer;
        } catch (IOException unreachable) {
            throw new HubException(
                    "the hub " + settings.endpoint() + " cannot be asked for " + reference.name() + ": "
                            + unreachable.getMessage(),
                    unreachable);
        }
        HubListing listing = new HubListing(files);
        listing.requireSafePaths();
        return listing;
    }

    private URI address(String path) throws HubException {
        try {
            int query = path.indexOf('?');
            String plain = query < 0 ? path : path.substring(0, query);
            String escaped = new URI(null, null, plain, null).getRawPath();
            return URI.create(settings.endpoint() + escaped + (query < 0 ? "" : path.substring(query)));
        } catch (URISyntaxException malformed) {
            throw new HubException(path + " cannot be written as an address", malformed);
        }
    }

    private static Optional<HubListing> savedListing(Path folder) throws IOException {
        Path saved = folder.resolve(LISTING);
        if (!Files.isRegularFile(saved)) {
            return Optional.empty();
        }
        try {
            HubListing listing = new HubListing(HubListing.parse(Files.readAllBytes(saved)));
            listing.requireSafePaths();
            return Optional.of(listing);
        } catch (HubException damaged) {
            return Optional.empty();
        }
    }

    private static void save(HubListing listing, Path folder) throws IOException {
        Files.createDirectories(folder);
        FileReplacement.write(
                folder.resolve(LISTING),
                written -> FileReplacement.writeFully(ByteBuffer.wrap(listing.toJson()), written));
    }
}
