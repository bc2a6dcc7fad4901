package web

import (
	"errors"
	"fmt"

	"github.com/gin-gonic/gin"

	"madoguchi/store"
)

// NewOnce draws the value of a form's hidden field "once".
func NewOnce() string { return newToken() }

// Once runs do the first time that this form of this session arrives, in the
// caller's transaction, and returns the location that do returned. The same
// form again (a double tap, a reload) gets that location without running do.
// When do fails nothing is kept, and the form can be sent again.
func Once(tx *store.Tx, c *gin.Context, do func() (location string, err error)) (string, error) {
	once := c.Request.PostForm.Get("once")
	session := requestOf(c).session
	if !isToken(once) || session.past.token == "" {
		return "", FormExpired
	}
	key := tokenHash(tokenHash(session.past.token) + once)
	location, err := store.One[string](tx, `SELECT result FROM form_token WHERE token = ?`, key)
	if err == nil {
		return location, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return "", fmt.Errorf("look up form: %w", err)
	}
	if location, err = do(); err != nil {
		return "", err
	}
	if _, err := tx.Exec(`INSERT INTO form_token (token, result, made_at) VALUES (?, ?, ?)`, key, location, tx.Now); err != nil {
		return "", fmt.Errorf("keep form: %w", err)
	}
	return location, nil
}
