package watch

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Rehearsal is how the last rehearsal of a restore on this machine went (復旧の
// 練習); its At is zero before the first.
type Rehearsal struct {
	At     time.Time `json:"at"`
	Good   bool      `json:"good"`
	Commit time.Time `json:"commit"` // of the newest write that came back
	Took   string    `json:"took"`
}

func rehearsalFile(folder string) string { return filepath.Join(folder, "rehearsal.json") }

// NoteRehearsal writes down how a rehearsal went, beside the database.
func NoteRehearsal(folder string, r Rehearsal) error {
	if err := writeJSON(rehearsalFile(folder), r); err != nil {
		return fmt.Errorf("note the rehearsal: %w", err)
	}
	return nil
}

// readRehearsal returns nothing for what cannot be read: that too shows as none.
func readRehearsal(folder string) (r Rehearsal) {
	text, err := os.ReadFile(rehearsalFile(folder))
	if err != nil || json.Unmarshal(text, &r) != nil {
		return Rehearsal{}
	}
	return r
}

// writeJSON replaces a file as a whole.
func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
