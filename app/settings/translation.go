package settings

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"madoguchi/app/audit"
	"madoguchi/store"
)

// TextLanguage is a language into which the town's own words can be translated.
type TextLanguage struct{ Code, Label string }

// TextLanguages lists them: those of the resident site but Japanese.
func TextLanguages() []TextLanguage {
	return []TextLanguage{{"ja-easy", "やさしい日本語"}, {"en", "英語"}, {"vi", "ベトナム語"}, {"id", "インドネシア語"}}
}

// translationLength is the most characters of a translation: other languages
// need more than Japanese.
const translationLength = 3 * bodyLength

// Translations are the town's words in one language, by the Japanese words.
type Translations map[string]string

// TranslationsIn are all translations into a language; none into Japanese.
func TranslationsIn(tx *store.Tx, lang string) (Translations, error) {
	rows, err := store.All[struct{ Original, Text string }](tx, `SELECT original, text FROM translation WHERE lang = ?`, lang)
	if err != nil {
		return nil, fmt.Errorf("read translations: %w", err)
	}
	all := Translations{}
	for _, r := range rows {
		all[r.Original] = r.Text
	}
	return all, nil
}

// TranslationIn is one text in a language; "" where there is none.
func TranslationIn(tx *store.Tx, lang, original string) (string, error) {
	text, err := store.One[string](tx, `SELECT text FROM translation WHERE original = ? AND lang = ?`, original, lang)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return text, err
}

// TranslationsOf is one text in every language that it is translated into.
func TranslationsOf(tx *store.Tx, original string) (map[string]string, error) {
	rows, err := store.All[struct{ Lang, Text string }](tx, `SELECT lang, text FROM translation WHERE original = ?`, original)
	if err != nil {
		return nil, fmt.Errorf("read translations: %w", err)
	}
	all := map[string]string{}
	for _, r := range rows {
		all[r.Lang] = r.Text
	}
	return all, nil
}

// TextKey names a text in addresses and in the audit log.
func TextKey(original string) store.Ref {
	sum := sha256.Sum256([]byte(original))
	return store.Ref(hex.EncodeToString(sum[:8]))
}

// SaveTranslations keeps what a text says in other languages, by language; a
// language that is left out or empty has no translation afterwards. Problem:
// NoticeTooLong on "translation_<language>".
func SaveTranslations(tx *store.Tx, by audit.Actor, original string, texts map[string]string) error {
	f := faults{}
	for _, l := range TextLanguages() {
		texts[l.Code] = f.text("translation_"+l.Code, texts[l.Code], translationLength, false)
	}
	if err := f.err(); err != nil {
		return err
	}
	var written []string
	for _, l := range TextLanguages() {
		if texts[l.Code] != "" {
			written = append(written, l.Code)
		}
		if err := saveTranslation(tx, original, l.Code, texts[l.Code]); err != nil {
			return err
		}
	}
	return audit.Record(tx, by, audit.TranslationsChanged, audit.Subject{Kind: "translation", Ref: TextKey(original)}, audit.Detail{"languages": written})
}

func saveTranslation(tx *store.Tx, original, lang, text string) error {
	var err error
	if text == "" {
		_, err = tx.Exec(`DELETE FROM translation WHERE original = ? AND lang = ?`, original, lang)
	} else {
		_, err = tx.Exec(`INSERT INTO translation (original, lang, text) VALUES (?, ?, ?)
			ON CONFLICT (original, lang) DO UPDATE SET text = excluded.text`, original, lang, text)
	}
	if err != nil {
		return fmt.Errorf("save translation: %w", err)
	}
	return nil
}

//go:embed translations.json
var usualTranslations []byte

// UsualTranslations are translations of what every town begins with, by text and
// language.
func UsualTranslations() (map[string]map[string]string, error) {
	var all map[string]map[string]string
	err := json.Unmarshal(usualTranslations, &all)
	return all, err
}

// EnsureTranslations gives a town that has translated nothing yet the
// translations of what every town begins with.
func EnsureTranslations(tx *store.Tx, by audit.Actor) error {
	n, err := store.One[int](tx, `SELECT (SELECT count(*) FROM translation) + (SELECT count(*) FROM audit WHERE subject_kind = 'translation')`)
	if err != nil || n > 0 {
		return err
	}
	all, err := UsualTranslations()
	if err != nil {
		return err
	}
	for original, texts := range all {
		for lang, text := range texts {
			if err := saveTranslation(tx, original, lang, text); err != nil {
				return err
			}
		}
	}
	return audit.Record(tx, by, audit.TranslationsChanged, audit.Subject{Kind: "translation", Ref: "usual"}, audit.Detail{"texts": len(all)})
}
