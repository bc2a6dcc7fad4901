package app

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
)

// showLicences prints what the product contains that others have made, and the
// texts of the licences that ask to come with it.
func showLicences(_ context.Context, s Surroundings) error {
	if _, rest, err := configure(s, mustLookUp("licences"), nil); err != nil {
		return err
	} else if len(rest) > 0 {
		return wrongUsage("余分な言葉があります: %s", strings.Join(rest, " "))
	}
	texts, err := fs.Glob(s.Files, "assets/licences/*.txt")
	if err != nil {
		return err
	}
	for _, name := range append([]string{"assets/NOTICE"}, texts...) {
		text, err := fs.ReadFile(s.Files, name)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(s.Out, "%s\n\n", strings.TrimSpace(string(text))); err != nil {
			return err
		}
	}
	return nil
}
