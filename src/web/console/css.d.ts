/** A style sheet that goes into the bundle's own. */
declare module "*.css";
