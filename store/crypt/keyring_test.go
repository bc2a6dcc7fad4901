package crypt

import (
	"os"
	"path/filepath"
	"testing"
)

func identity(t *testing.T, dir, name string) Identities {
	t.Helper()
	secret, _, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte("# "+name+"\n"+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ids, err := ReadIdentities(path)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}
