/**
 * Models by their name on a hub that speaks Hugging Face's calls: listing a repository, downloading with resume and
 * checks, and the folder of what was downloaded.
 */
@NullMarked
package dev.waterspout.engine.cli.hub;

import org.jspecify.annotations.NullMarked;
