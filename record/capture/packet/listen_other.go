//go:build !linux

package packet

import (
	"errors"
	"fmt"
)

// Listen only works on Linux.
func Listen(iface string, o LiveOptions) ([]Source, error) {
	return nil, fmt.Errorf("capture on %s: %w: interfaces are read on Linux only; "+
		"write a file with tcpdump -w and read that", iface, errors.ErrUnsupported)
}
