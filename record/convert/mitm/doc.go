// Package mitm reads the flow files of mitmproxy, formats 0.10 to 21.
package mitm
