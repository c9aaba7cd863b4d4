// Package show prints models: as tables for people ([Text]) and as a graph for
// Graphviz ([Dot]).
package show
