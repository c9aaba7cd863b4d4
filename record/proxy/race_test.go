//go:build race

package proxy

// underRace says that the race detector makes everything slow.
const underRace = true
