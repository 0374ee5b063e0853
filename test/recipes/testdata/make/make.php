<?php
// Hashes made by PHP applications' own classes where Debian has them, and
// otherwise as their documentation says. Usage: php make.php FRAMEWORKS < passwords.json
$share = $argv[1] . '/usr/share';
$passwords = json_decode(stream_get_contents(STDIN), true);
error_reporting(E_ALL & ~E_DEPRECATED);

function emit($name, $framework, $version, $origin, array $formats, ?array $only = null) {
    global $passwords;
    $out = ['framework' => $framework, 'version' => $version, 'origin' => $origin, 'hashes' => []];
    foreach ($formats as $format => $make) {
        foreach ($only ?? array_keys($passwords) as $kind) {
            $out['hashes'][] = ['format' => $format, 'password' => $kind, 'hash' => $make($passwords[$kind])];
        }
    }
    fwrite(STDOUT, $name . "\t" . json_encode($out, JSON_UNESCAPED_SLASHES) . "\n");
}
function debian(string $package): string {
    $version = trim(file_get_contents($GLOBALS['argv'][1] . '/versions/' . $package));
    return preg_replace('/^\d+:|[+~-].*$/', '', $version);
}
$short = ['plain', 'ugly']; // at most 72 bytes, where an application refuses more
$php = 'PHP ' . PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION;

// --- Laravel: Illuminate\Hashing ------------------------------------------------------------
foreach (['Contracts/Hashing/Hasher', 'Hashing/AbstractHasher', 'Hashing/BcryptHasher', 'Hashing/ArgonHasher', 'Hashing/Argon2IdHasher'] as $class) {
    require "$share/php/Illuminate/$class.php";
}
emit('laravel', 'Laravel', debian('php-illuminate-hashing'), 'own code', [
    'bcrypt' => fn($p) => (new Illuminate\Hashing\BcryptHasher(['rounds' => 5]))->make($p),
    'argon2i' => fn($p) => (new Illuminate\Hashing\ArgonHasher(['memory' => 1024, 'time' => 2, 'threads' => 1]))->make($p),
    'argon2id' => fn($p) => (new Illuminate\Hashing\Argon2IdHasher(['memory' => 1024, 'time' => 2, 'threads' => 1]))->make($p),
]);

// --- Symfony: the "auto" hasher, which is bcrypt --------------------------------------------
$symfony = "$share/php/Symfony/Component/PasswordHasher";
foreach (['PasswordHasherInterface', 'LegacyPasswordHasherInterface', 'Exception/ExceptionInterface', 'Exception/InvalidPasswordException', 'Hasher/CheckPasswordLengthTrait', 'Hasher/NativePasswordHasher'] as $class) {
    require "$symfony/$class.php";
}
emit('symfony', 'Symfony', debian('php-symfony-password-hasher'), 'own code', [
    'bcrypt' => fn($p) => (new Symfony\Component\PasswordHasher\Hasher\NativePasswordHasher(3, 1 << 20, 5, PASSWORD_BCRYPT))->hash($p),
    'argon2id' => fn($p) => (new Symfony\Component\PasswordHasher\Hasher\NativePasswordHasher(3, 1 << 20, 5, PASSWORD_ARGON2ID))->hash($p),
], $short);

// --- MediaWiki: the classes of includes/password, after WebRequest's normalization ----------
spl_autoload_register(function ($class) use ($share) {
    $file = "$share/mediawiki/vendor/wikimedia/utfnormal/src/" . substr($class, strlen('UtfNormal\\')) . '.php';
    if (str_starts_with($class, 'UtfNormal\\') && is_file($file)) { require $file; }
});
function nfc(string $text): string { return UtfNormal\Validator::cleanUp($text); }
// Two functions of MediaWiki's outside of that folder, which give random characters.
class MWCryptRand { public static function generateHex($n) { return bin2hex(random_bytes($n / 2)); } }
foreach (['Password', 'ParameterizedPassword', 'Pbkdf2Password', 'BcryptPassword', 'Argon2Password', 'MWOldPassword', 'MWSaltedPassword', 'LayeredParameterizedPassword', 'InvalidPassword', 'PasswordFactory'] as $class) {
    require "$share/mediawiki/includes/password/$class.php";
}
$pbkdf2 = ['class' => 'Pbkdf2Password', 'algo' => 'sha512', 'cost' => '3000', 'length' => '64'];
$factory = new PasswordFactory([
    'A' => ['class' => 'MWOldPassword'], 'B' => ['class' => 'MWSaltedPassword'], 'pbkdf2' => $pbkdf2,
    'pbkdf2-legacyA' => ['class' => 'LayeredParameterizedPassword', 'types' => ['A', 'pbkdf2']],
    'pbkdf2-legacyB' => ['class' => 'LayeredParameterizedPassword', 'types' => ['B', 'pbkdf2']],
    'bcrypt' => ['class' => 'BcryptPassword', 'cost' => 5],
    'argon2' => ['class' => 'Argon2Password', 'algo' => 'auto', 'memory_cost' => 1024, 'time_cost' => 2, 'threads' => 1],
], 'pbkdf2');
$wiki = function (string $type) use ($factory) {
    return function ($p) use ($factory, $type) {
        $password = $factory->newFromType($type);
        $password->crypt(nfc($p));
        return $password->toString();
    };
};
emit('mediawiki', 'MediaWiki', debian('mediawiki'), 'own code', array_combine(
    [':pbkdf2:', ':bcrypt:', ':argon2:', ':B:', ':pbkdf2-legacyA:', ':pbkdf2-legacyB:'],
    array_map($wiki, ['pbkdf2', 'bcrypt', 'argon2', 'B', 'pbkdf2-legacyA', 'pbkdf2-legacyB'])));

// --- WordPress: what its form sends is slashed (wp_magic_quotes) ----------------------------
require "$share/wordpress/wp-includes/class-phpass.php";
emit('wordpress', 'WordPress', debian('wordpress'), 'own code', [
    '$P$' => fn($p) => (new PasswordHash(8, true))->HashPassword(trim(addslashes($p))),
]);
emit('wordpress68', 'WordPress', '6.8 and later', "documentation, by $php", [
    '$wp$2y$' => fn($p) => '$wp' . password_hash(base64_encode(hash_hmac('sha384', trim(addslashes($p)), 'wp-sha384', true)), PASSWORD_BCRYPT, ['cost' => 5]),
]);

// --- phpBB: type_cast_helper escapes and composes -------------------------------------------
$escaped = fn($p) => trim(nfc(htmlspecialchars(str_replace(["\r\n", "\r"], "\n", $p), ENT_COMPAT, 'UTF-8')));
emit('phpbb', 'phpBB', '3.0 to 3.3', "documentation, by $php", [
    '$H$' => fn($p) => preg_replace('/^\$P\$/', '$H$', (new PasswordHash(8, true))->HashPassword($escaped($p))),
    'bcrypt' => fn($p) => password_hash($escaped($p), PASSWORD_BCRYPT, ['cost' => 5]),
    'argon2id' => fn($p) => password_hash($escaped($p), PASSWORD_ARGON2ID, ['memory_cost' => 1024, 'time_cost' => 2]),
]);

// --- Joomla and Drupal call PHP's password_hash ---------------------------------------------
emit('joomla', 'Joomla', '3.2 to 5', "documentation, by $php", [
    'bcrypt' => fn($p) => password_hash($p, PASSWORD_BCRYPT, ['cost' => 5]),
    'argon2id' => fn($p) => password_hash($p, PASSWORD_ARGON2ID, ['memory_cost' => 1024, 'time_cost' => 2]),
    '$P$' => fn($p) => (new PasswordHash(8, true))->HashPassword($p),
]);
// Drupal's phpass: SHA-512 in place of MD5, cut to 55 characters.
$drupal = function ($p, $prefix = '$S$', $log2 = 7) {
    $itoa64 = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    $salt = substr(strtr(base64_encode(random_bytes(6)), '+=', './'), 0, 8);
    $hash = hash('sha512', $salt . $p, true);
    for ($i = 1 << $log2; $i > 0; $i--) { $hash = hash('sha512', $hash . $p, true); }
    return substr($prefix . $itoa64[$log2] . $salt . (new PasswordHash(8, true))->encode64($hash, 64), 0, 55 + strlen($prefix) - 3);
};
emit('drupal', 'Drupal', '7 to 11', "documentation, by $php", [
    '$S$' => fn($p) => $drupal($p),
    'U$S$' => fn($p) => $drupal(md5($p), 'U$S$'),
    'bcrypt' => fn($p) => password_hash($p, PASSWORD_BCRYPT, ['cost' => 5]),
]);

// --- Magento: Encryptor's versions ----------------------------------------------------------
$salted = function (string $version, callable $hash) {
    return function ($p) use ($version, $hash) {
        $salt = substr(strtr(base64_encode(random_bytes(24)), '+/', 'aB'), 0, 32);
        return bin2hex($hash($p, $salt)) . ":$salt:$version";
    };
};
$argon2 = fn($p, $salt) => sodium_crypto_pwhash(32, $p, substr($salt, 0, 16), 2, 8 << 20, SODIUM_CRYPTO_PWHASH_ALG_ARGON2ID13);
emit('magento', 'Magento', '2.0 to 2.4', "documentation, by $php", [
    ':0' => $salted('0', fn($p, $salt) => md5($salt . $p, true)),
    ':1' => $salted('1', fn($p, $salt) => hash('sha256', $salt . $p, true)),
    ':2' => $salted('2', fn($p, $salt) => sodium_crypto_pwhash(32, $p, substr($salt, 0, 16), SODIUM_CRYPTO_PWHASH_OPSLIMIT_INTERACTIVE, SODIUM_CRYPTO_PWHASH_MEMLIMIT_INTERACTIVE, SODIUM_CRYPTO_PWHASH_ALG_ARGON2ID13)),
    ':3_32_2_8388608' => $salted('3_32_2_8388608', $argon2),
]);

// --- Keycloak since 25, and Spring Security: argon2id of version 1.3 -------------------------
emit('keycloakargon2', 'Keycloak', '25 and 26', "documentation, by $php", ['argon2' => function ($p) {
    [, , , , $salt, $hash] = explode('$', password_hash($p, PASSWORD_ARGON2ID, ['memory_cost' => 7168, 'time_cost' => 5, 'threads' => 1]));
    $padded = fn($text) => str_pad($text, intdiv(strlen($text) + 3, 4) * 4, '=');
    return json_encode([
        'secretData' => json_encode(['value' => $padded($hash), 'salt' => $padded($salt), 'additionalParameters' => (object) []]),
        'credentialData' => json_encode(['hashIterations' => 5, 'algorithm' => 'argon2', 'additionalParameters' => [
            'hashLength' => ['32'], 'memory' => ['7168'], 'type' => ['id'], 'version' => ['1.3'], 'parallelism' => ['1'],
        ]]),
    ]);
}]);
emit('springargon2', 'Spring Security', '5 to 7', "documentation, by $php", [
    '{argon2@SpringSecurity_v5_8}' => fn($p) => '{argon2@SpringSecurity_v5_8}' . password_hash($p, PASSWORD_ARGON2ID, ['memory_cost' => 16384, 'time_cost' => 2, 'threads' => 1]),
]);
