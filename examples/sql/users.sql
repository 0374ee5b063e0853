-- An application's table. PostgreSQL's pgcrypto makes the same bcrypt hashes as most frameworks.
CREATE EXTENSION pgcrypto;
CREATE TABLE users (id serial PRIMARY KEY, login text UNIQUE, password text, email text, confirmed boolean, active boolean);
INSERT INTO users (login, password, email, confirmed, active) VALUES
  ('alice', crypt('Pass-word-1!', gen_salt('bf', 10)), 'alice@example.com', true, true),
  ('bob', crypt('Pass-word-2!', gen_salt('bf', 10)), 'bob@example.com', true, false);
CREATE ROLE reader LOGIN PASSWORD 'reader-Password-1';
GRANT SELECT ON users TO reader;
