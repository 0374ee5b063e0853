SELECT login AS username, password AS password_hash, active AS enabled, id::text AS sub,
       email, confirmed AS email_verified
FROM users
WHERE login = :username
